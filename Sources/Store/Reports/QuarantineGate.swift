import Domain
private import Synchronization
package import Telemetry

/// Every row for quarantine passes here, and is checked against the budget. Any thread.
package final class QuarantineGate: Sendable {
    private let budget: Mutex<QuarantineBudget>

    /// - Parameter metrics: where it counts what was left out.
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

    /// The rejects of one callback that are stored.
    func admit(_ rejects: [Reject], at now: Timestamp = .now) -> [Reject] {
        guard !rejects.isEmpty else { return [] }
        return budget.withLock { $0.admit(rejects, at: now) }
    }

    /// A submission with the rejects that are stored.
    func admit(_ submission: Submission) -> Submission {
        guard !submission.rejects.isEmpty else { return submission }
        var kept = admit(submission.rejects)
        if submission.archiving == .never {
            // Without its whole body it could not be replayed, and nothing else has it.
            kept.removeAll { row in
                submission.rejects.contains {
                    $0.place == row.place && $0.excerpt.count > row.excerpt.count
                }
            }
        }
        return submission.with(reports: submission.reports, rejects: kept)
    }

    /// Notes that rows are committed.
    func wrote(_ rejects: some Sequence<Reject>) {
        budget.withLock { $0.wrote(rejects) }
    }

    /// Whether so much was written since this was last true that the table should be cut.
    func takeGrowth() -> Bool { budget.withLock { $0.takeGrowth() } }

    /// The cut failed.
    func returnGrowth() { budget.withLock { $0.returnGrowth() } }
}
