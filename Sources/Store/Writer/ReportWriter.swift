import Dispatch
package import Domain
private import Foundation
package import Postgres
import Synchronization
package import Telemetry

/// Makes reports durable by group commit: whatever came while the last batch was being committed
/// is the next batch.
///
/// A submission is answered after its COMMIT. A lost connection leaves open whether a batch was
/// committed; it is written again, which changes nothing but a second archived copy of the body.
/// This is also where a spool would take what PostgreSQL cannot; without one such submissions are
/// refused, and the provider sends them again.
package final class ReportWriter: ReportSink, WriterProbe {
    /// Bounds and deadlines.
    package struct Settings: Sendable {
        /// The most reports that wait for a commit.
        package var queueReports = 20_000
        /// The most bytes of bodies that wait for a commit.
        package var queueBytes = 48 << 20
        /// The most reports in one commit; one submission is never split.
        package var batchReports = 500
        /// Committing threads, each with a connection of its own. The second one helps when more
        /// than `crowdReports` wait.
        package var connections = 2
        package var crowdReports = 200
        /// How long a submission may wait for its commit before it is refused. Plivo gives up on
        /// a callback after eight seconds.
        package var commitDeadline: Duration = .seconds(4)

        package init() {}
    }

    let queue: SubmissionQueue
    let settings: Settings
    let database: ConnectionSettings
    let logger: Logger
    let metrics: WriterMetrics
    private let outage = Mutex<Timestamp?>(nil)
    private let problem = Mutex<String?>(nil)
    /// While set, submissions are refused at once instead of after the deadline.
    private let refuses = Atomic<Bool>(false)
    private let isStopping = Atomic<Bool>(false)
    /// Wakes committers that wait to reconnect.
    private let stopSignal = DispatchSemaphore(value: 0)
    private let committers = DispatchGroup()

    /// Starts the committing threads; they connect on their own, now or when the database is there.
    package init(
        _ database: ConnectionSettings, settings: Settings = Settings(), metrics: Metrics,
        logger: Logger
    ) {
        self.database = database
        self.settings = settings
        self.logger = logger
        queue = SubmissionQueue(
            capacity: settings.queueReports, byteCapacity: settings.queueBytes,
            crowd: settings.crowdReports)
        self.metrics = WriterMetrics(metrics, queue: queue)
        for index in 0..<settings.connections {
            committers.enter()
            let thread = Thread { [self] in
                var committer = Committer(writer: self, number: index)
                committer.run()
                committers.leave()
            }
            thread.name = "committer-\(index)"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    package func submit(
        _ submission: Submission,
        completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void
    ) {
        if refuses.load(ordering: .relaxed) { return completion(.failure(.unavailable)) }
        let entry = SubmissionQueue.Entry(
            submission: submission, deadline: .now + settings.commitDeadline,
            completion: completion)
        if let failure = queue.append(entry) { completion(.failure(failure)) }
    }

    package func writerState() -> WriterState {
        WriterState(
            queuedReports: queue.count, capacity: queue.capacity,
            commitP50: metrics.commit.quantile(0.5).map { .seconds($0) },
            commitP99: metrics.commit.quantile(0.99).map { .seconds($0) },
            awaySince: outage.withLock { $0 })
    }

    /// Why nothing can be written now, in a text that is safe to show.
    ///
    /// Nil while the last attempt to write worked, or none was made yet. An idle writer tries, too,
    /// about once a second. In memory only: anybody may ask at any time.
    package var writeProblem: String? { problem.withLock { $0 } }

    /// Whether an attempt to commit is under way or something waits, and no attempt has ended, with
    /// success or failure, for twice the commit deadline and 5 s.
    ///
    /// Only a thread that hangs lets it come to this. A queue that is merely long, and a server that
    /// is slow, away or refuses, do not. In memory only.
    package func isStuck() -> Bool {
        let limit = settings.commitDeadline * 2 + .seconds(5)
        return queue.isStuck(for: limit)
    }

    /// Takes nothing more, commits what waits, and ends the threads.
    ///
    /// Returns false if the deadline passed first; what was not committed has not been answered
    /// with success.
    package func stop(within deadline: Duration) -> Bool {
        isStopping.store(true, ordering: .releasing)
        queue.close()
        for _ in 0..<settings.connections { stopSignal.signal() }
        let milliseconds = Int(deadline / .milliseconds(1))
        return committers.wait(timeout: .now() + .milliseconds(milliseconds)) == .success
    }
}

extension ReportWriter {
    /// Whether `stop` has been called.
    var isEnding: Bool { isStopping.load(ordering: .acquiring) }

    /// Whether the database has not taken commits lately.
    var isAway: Bool { outage.withLock { $0 != nil } }

    /// Waits before the next attempt to connect; ends early when the writer stops.
    func pause(_ duration: Duration) {
        _ = stopSignal.wait(timeout: .now() + .milliseconds(Int(duration / .milliseconds(1))))
    }

    /// Notes that the database does not take commits.
    func databaseIsAway(_ error: PostgresError) {
        problem.withLock { $0 = "The last attempt to write failed: \(error)." }
        let now = Timestamp.now
        let since = outage.withLock { outage in
            defer { outage = outage ?? now }
            return outage
        }
        guard let since else {
            logger.log(
                .error, "database away; callbacks are refused until it is back",
                ["error": "\(error.description)"])
            return
        }
        if now.since(since) >= settings.commitDeadline {
            refuses.store(true, ordering: .relaxed)
        }
    }

    /// Notes that the database takes commits.
    func databaseIsBack() {
        problem.withLock { $0 = nil }
        refuses.store(false, ordering: .relaxed)
        let since = outage.withLock { outage in
            defer { outage = nil }
            return outage
        }
        guard let since else { return }
        logger.log(
            .info, "database back",
            ["away_seconds": .number(Timestamp.now.since(since) / .seconds(1))])
    }
}

/// What the writer counts.
struct WriterMetrics: Sendable {
    let batches: Counter
    let reports: Counter
    let poison: Counter
    let failures: Counter
    let commit: Histogram
    let batchSize: Histogram

    init(_ metrics: Metrics, queue: SubmissionQueue) {
        batches = metrics.counter("waybill_writer_batches_total", "Committed batches.")
        reports = metrics.counter(
            "waybill_writer_reports_total", "Reports in committed batches, repetitions merged.")
        poison = metrics.counter(
            "waybill_writer_poison_total", "Rows that PostgreSQL refused, now in quarantine.")
        failures = metrics.counter(
            "waybill_writer_failures_total", "Attempts to commit a batch that failed.")
        commit = metrics.histogram(
            "waybill_writer_commit_seconds", "From sending a batch to the end of its COMMIT.")
        batchSize = metrics.histogram(
            "waybill_writer_batch_reports", "Reports in a committed batch.",
            bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000])
        metrics.gauge("waybill_writer_queued_reports", "Reports that wait for a commit.") {
            Double(queue.count)
        }
    }
}
