import Domain
private import Synchronization
package import Telemetry

/// The one way into quarantine: whoever writes there asks its budget first. Any thread.
package final class QuarantineGate: Sendable {
    private let budget: Mutex<QuarantineBudget>

    /// - Parameter metrics: where it tells how much was left out.
    package convenience init(_ metrics: Metrics) {
        self.init(QuarantineBudget(), metrics)
    }

    init(_ budget: consuming QuarantineBudget, _ metrics: Metrics) {
        self.budget = Mutex(budget)
        metrics.counter(
            "waybill_quarantine_left_out_total",
            "Rows left out of quarantine because there were too many of their reason."
        ) { [weak self] in self?.leftOut ?? 0 }
    }

    private var leftOut: Int { budget.withLock { $0.leftOut } }

    /// What of one callback's rejects is kept.
    func admit(_ rejects: [Reject], at now: Timestamp = .now) -> [Reject] {
        guard !rejects.isEmpty else { return [] }
        return budget.withLock { $0.admit(rejects, at: now) }
    }

    /// A submission with the rejects that are kept.
    func admit(_ submission: Submission) -> Submission {
        guard !submission.rejects.isEmpty else { return submission }
        return Submission(
            callback: submission.callback, reports: submission.reports,
            rejects: admit(submission.rejects))
    }

    /// Notes that rows are committed.
    func wrote(_ rejects: some Sequence<Reject>) {
        budget.withLock { $0.wrote(rejects) }
    }

    /// Whether so much was written since this was last true that the table is to be cut.
    func takeGrowth() -> Bool { budget.withLock { $0.takeGrowth() } }

    /// The cut did not work.
    func returnGrowth() { budget.withLock { $0.returnGrowth() } }
}
