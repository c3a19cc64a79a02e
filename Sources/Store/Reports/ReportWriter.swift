package import Domain
package import Postgres
import Synchronization
import System
package import Telemetry

/// Makes reports durable by group commit: everything that came while the last batch was being
/// committed is the next batch.
///
/// A submission is answered after its COMMIT, and at its deadline at the latest. After a lost
/// connection, or a COMMIT that takes longer than the deadline, it is unknown whether a batch was
/// committed. It is written again, by us, from the spool, or with the provider's repetition, which
/// changes nothing; only the repetition is archived, too. Nothing is cancelled to find out more.
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
        /// How long a batch waits for a row or table that another transaction holds, before its
        /// entries are deferred.
        package var lockWait: Duration = .milliseconds(200)
        /// Whether the role may read the archive: then what is written again, because its first
        /// outcome is unknown, is archived once.
        package var mayReadArchive = false
        /// What makes entries of the opt-outs.
        package var optOuts = OptOutRules()
        /// Called on a committing thread after messages from people were stored; returns at once.
        package var onInbound: @Sendable () -> Void = {}

        package init() {}
    }

    let queue: SubmissionQueue
    let settings: Settings
    let database: ConnectionSettings
    let logger: Logger
    let metrics: WriterMetrics
    /// Gets what is committed.
    let feed: ChangeFeed
    /// What each committer has taken.
    private let taken: [OpenEntries]
    private let doubt = CommitDoubt()
    /// Limits and counts what the writer puts into quarantine.
    package let quarantine: QuarantineGate
    private let outage = Mutex<Timestamp?>(nil)
    private let condition = Mutex(Condition())
    /// While set, submissions are refused at once instead of after the deadline.
    private let refuses = Atomic<Bool>(false)
    private let committers: [ServiceThread]
    /// The deadline thread: answers overdue entries.
    private let keeper = ServiceThread("deadlines", stackBytes: 1 << 20)

    /// Starts the committing threads; they connect by themselves, now or when the database is
    /// reachable.
    ///
    /// - Parameters:
    ///   - database: where to write.
    ///   - settings: bounds and deadlines.
    ///   - feed: gets, on the committing threads, messages whose status has changed.
    ///   - metrics: where the writer counts.
    ///   - logger: told of failures.
    package init(
        _ database: ConnectionSettings, settings: Settings = Settings(),
        feed: ChangeFeed, metrics: Metrics, logger: Logger
    ) {
        self.feed = feed
        self.database = database
        self.settings = settings
        self.logger = logger
        queue = SubmissionQueue(
            capacity: settings.queueReports, byteCapacity: settings.queueBytes,
            batch: settings.batchReports, committers: settings.connections,
            crowd: settings.crowdReports, deadline: settings.commitDeadline)
        self.metrics = WriterMetrics(metrics, queue: queue)
        taken = (0..<settings.connections).map { _ in OpenEntries() }
        quarantine = QuarantineGate(metrics)
        committers = (0..<settings.connections).map {
            ServiceThread("committer-\($0)", stackBytes: 1 << 20)
        }
        for (number, thread) in committers.enumerated() {
            thread.startOrAbort(interrupt: { [queue] in queue.close() }) { [self] in
                var committer = Committer(writer: self, number: number, taken: taken[number])
                committer.run()
            }
        }
        keeper.startOrAbort { [self] in keepDeadlines() }
    }

    package func submit(
        _ submission: Submission,
        completion: @escaping @Sendable (Result<Void, SinkFailure>) -> Void
    ) {
        if refuses.load(ordering: .relaxed) { return completion(.failure(.unavailable)) }
        let entry = SubmissionQueue.Entry(
            submission: quarantine.admit(submission), deadline: .now + settings.commitDeadline,
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
    /// Nil if the last attempt to write worked, or there was none. An idle writer tries, too, about
    /// once a second. Only reads memory, so anybody may ask at any time.
    package var writeProblem: String? { condition.withLock { $0.problem } }

    /// Whether an attempt to commit is running or something waits, and no attempt has ended, with
    /// success or failure, for twice the commit deadline and 5 s.
    ///
    /// Only a thread that hangs causes that. A long queue, or a server that is slow, unreachable or
    /// refusing, does not. Only reads memory.
    package func isStuck() -> Bool {
        let limit = settings.commitDeadline * 2 + .seconds(5)
        return queue.isStuck(for: limit)
    }

    /// Accepts nothing more, commits what waits, and ends the threads.
    ///
    /// Returns false if the deadline passed first; what was not committed has not been answered
    /// with success.
    package func stop(within deadline: Duration) -> Bool {
        let end = ContinuousClock.now + deadline
        for thread in committers { thread.stop() }
        let isFlushed = committers.map { $0.join(until: end) }.allSatisfy { $0 }
        // Otherwise it ends with the last committer.
        if isFlushed { keeper.stop() }
        return isFlushed
    }
}

extension ReportWriter {
    /// Answers overdue entries, whatever the committers wait for, until they end.
    private func keepDeadlines() {
        while !keeper.isStopping, committers.contains(where: { !$0.hasEnded }) {
            let now = ContinuousClock.now
            // Cheap unless something is overdue.
            var next = queue.oldestDeadline
            if let oldest = next, oldest <= now { refuseOverdue(queue.removeExpired(at: now)) }
            for entries in taken {
                refuseOverdue(entries.closeExpired(at: now))
                if let oldest = entries.oldestDeadline { next = min(next ?? oldest, oldest) }
            }
            // An entry that is moving from the queue to a committer may have been missed in both.
            let pause = min(Self.keeperPause, next.map { $0 - now } ?? Self.keeperPause)
            keeper.pause(for: max(pause, .milliseconds(1)))
        }
    }

    private static let keeperPause: Duration = .milliseconds(100)

    private func refuseOverdue(_ entries: [SubmissionQueue.Entry]) {
        guard !entries.isEmpty else { return }
        condition.withLock { $0.wasOverdue(after: settings.commitDeadline, at: .now) }
        refuse(entries, .unavailable)
    }

    /// Answers entries with a failure, so that the provider repeats them.
    func refuse(_ entries: [SubmissionQueue.Entry], _ failure: SinkFailure) {
        for entry in entries { entry.completion(.failure(failure)) }
    }

    /// Whether `stop` has been called.
    var isEnding: Bool { committers.contains { $0.isStopping } }

    /// Whether the database has not taken commits lately.
    var isAway: Bool { outage.withLock { $0 != nil } }

    /// Pauses a committer before its next attempt to connect; ends early when the writer stops.
    func pause(_ committer: Int, for duration: Duration) {
        committers[committer].pause(for: duration)
    }

    /// Whether a commit without a waiting caller may still be running at the server.
    var hasCommitDoubt: Bool { doubt.isOpen }

    /// Records an abandoned connection, by the server's process for it.
    func abandoned(_ process: Int32) {
        doubt.abandoned(process)
    }

    /// Fails when the server would not finish another commit either; see `CommitDoubt`.
    func settleDoubt(over connection: Connection) throws(PostgresError) {
        try doubt.settle(over: connection, longerThan: settings.commitDeadline / 2)
    }

    /// Records that the database does not accept commits.
    func databaseIsAway(_ error: PostgresError) {
        if error.isOutcomeUnknown { doubt.open() }
        condition.withLock { $0.failed(error, at: .now) }
        let now = Timestamp.now
        let since = outage.withLock { outage in
            defer { outage = outage ?? now }
            return outage
        }
        let isLong = since.map { now.since($0) >= settings.commitDeadline } ?? false
        // Work that was not started would not be done in time either.
        if isLong || error.explanation != nil { refuses.store(true, ordering: .relaxed) }
        guard since == nil else { return }
        logger.log(
            .error, "database away; callbacks are not stored in it until it is back",
            ["error": "\(error.description)"])
    }

    /// Records that the server would accept a write of no rows.
    ///
    /// After a failure that only rows meet, such as a full disk, callbacks are accepted to try
    /// again, and the database counts as away until one of them is stored or none has failed for a
    /// while.
    func probeWorked() {
        guard condition.withLock({ $0.failsWithRows(at: .now) }) else { return databaseIsBack() }
        refuses.store(false, ordering: .relaxed)
    }

    /// Records that the database accepts commits.
    func databaseIsBack() {
        condition.withLock { $0.worked(at: .now) }
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

extension ReportWriter {
    /// Whether the last attempt to write worked, and when one did.
    private struct Condition {
        private(set) var problem: String?
        private var lastSuccess: ContinuousClock.Instant?
        /// When the server last had no room for what was written.
        private var ranOutAt: ContinuousClock.Instant?

        /// Long enough for providers to try again, if there is anything to store.
        private static let patience: Duration = .seconds(30)

        mutating func worked(at now: ContinuousClock.Instant) {
            problem = nil
            lastSuccess = now
            ranOutAt = nil
        }

        mutating func failed(_ error: PostgresError, at now: ContinuousClock.Instant) {
            problem = "The last attempt to write failed: \(error)."
            if error.sqlState?.errorClass == "53", error.statement != nil { ranOutAt = now }
        }

        /// Whether a write of no rows proves nothing, because writes with rows failed a moment ago.
        func failsWithRows(at now: ContinuousClock.Instant) -> Bool {
            ranOutAt.map { now - $0 < Self.patience } ?? false
        }

        /// An entry has reached its deadline. A single locked row does not mean that nothing can be
        /// written.
        mutating func wasOverdue(after deadline: Duration, at now: ContinuousClock.Instant) {
            if let lastSuccess, now - lastSuccess < deadline { return }
            problem = problem ?? "Nothing was committed for \(deadline), though callbacks wait."
        }
    }
}

/// What the writer counts.
struct WriterMetrics: Sendable {
    let batches: Counter
    let reports: Counter
    let poison: Counter
    let unmatched: Counter
    let expired: Counter
    let failures: Counter
    let lockWaits: Counter
    let commit: Histogram
    let batchSize: Histogram

    init(_ metrics: Metrics, queue: SubmissionQueue) {
        batches = metrics.counter("waybill_writer_batches_total", "Committed batches.")
        reports = metrics.counter(
            "waybill_writer_reports_total", "Reports in committed batches, repetitions merged.")
        poison = metrics.counter(
            "waybill_writer_poison_total", "Rows that PostgreSQL refused, now in quarantine.")
        unmatched = metrics.counter(
            "waybill_writer_unmatched_total",
            "Reports that name a send request and fit none of its messages, now in quarantine.")
        expired = metrics.counter(
            "waybill_writer_expired_total",
            "Reports about messages that retention had dropped, which were not stored again.")
        failures = metrics.counter(
            "waybill_writer_failures_total", "Attempts to commit a batch that failed.")
        lockWaits = metrics.counter(
            "waybill_writer_lock_waits_total",
            "Attempts to commit that met rows which another transaction holds.")
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
