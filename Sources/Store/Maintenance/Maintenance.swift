package import Postgres
import System
package import Telemetry

/// Creates the archive's partitions ahead of time and deletes expired data, at the start and then
/// every ten minutes; keeps quarantine within its bounds as it grows.
///
/// A step that fails does not stop the others. Long steps run in portions, each a transaction of
/// its own, with pauses between them.
package final class Maintenance: Sendable {
    private let pool: ConnectionPool
    private let logger: Logger
    private let keepDays: Int
    private let auditDays: Int
    private let ledgerDays: Int?
    private let inboundDays: Int
    private let floorRest: Duration
    private let quarantine: QuarantineGate?
    private let metrics: MaintenanceMetrics
    private let thread = ServiceThread("maintenance")

    private static let daysAhead = 7
    private static let interval = Duration.seconds(600)
    /// After a run in which something failed.
    private static let retryInterval = Duration.seconds(60)
    private static let recountInterval = Duration.seconds(3600)
    /// How often an idle thread checks how much went to quarantine.
    private static let growthInterval = Duration.seconds(1)
    /// Moving rows out of the default partition may take longer than a portion; no callback waits
    /// for its locks.
    private static let partitionLimit = Duration.seconds(600)
    /// Measuring takes a quarter of a second for all that quarantine may hold, and a minute for
    /// fifty times as much, which it may hold from before it had bounds.
    private static let measureLimit = Duration.seconds(120)
    /// How much later than at the server a time-out comes here.
    private static let grace = Duration.seconds(5)
    private static let lockTries = 5

    /// Starts its thread, unless it is to run once only.
    ///
    /// - Parameters:
    ///   - pool: of one connection, used for this alone.
    ///   - keepDays: how long raw callbacks, quarantine and what sending leaves behind are kept
    ///     after the last thing that happened.
    ///   - auditDays: how long the audit is kept.
    ///   - ledgerDays: how long messages and their reports are kept after the last thing that happened;
    ///     nil for good.
    ///   - inboundDays: how long messages from people are kept.
    ///   - floorRest: how long the ledger's floor stands before what is below it is dropped. Writers
    ///     remember it for a second, and commit what they have seen by it within 7 s.
    ///   - quarantine: tells how much the writer put there; without it the bounds are looked at
    ///     every ten minutes only.
    ///   - metrics: where failures and dropped rows are counted.
    ///   - logger: told of failures.
    ///   - isRepeated: false leaves it to `runOnce`.
    package init(
        _ pool: ConnectionPool, keepDays: Int, auditDays: Int = 400, ledgerDays: Int? = nil,
        inboundDays: Int = 400, floorRest: Duration = .seconds(10),
        quarantine: QuarantineGate? = nil,
        metrics: Metrics = Metrics(), logger: Logger, isRepeated: Bool = true
    ) {
        self.pool = pool
        self.keepDays = keepDays
        self.auditDays = auditDays
        self.ledgerDays = ledgerDays
        self.inboundDays = inboundDays
        self.floorRest = floorRest
        self.quarantine = quarantine
        self.metrics = MaintenanceMetrics(metrics)
        self.logger = logger
        if isRepeated { thread.startOrAbort { [self] in run() } }
    }

    /// Does all of it on the caller's thread, until nothing is left or `stop` is called.
    ///
    /// - Returns: false if a step failed; the log says which.
    package func runOnce() -> Bool {
        let isWhole = maintain()
        return step(.outboxCounts, recount) && isWhole
    }

    /// How many rows were dropped so far, by the step's name.
    package var dropped: [String: Int] { metrics.droppedRows }

    /// Ends the thread after its current portion, unless the database hangs.
    package func stop() {
        thread.stop()
        _ = thread.join(until: .now + .seconds(5))
    }

    private func run() {
        var next = ContinuousClock.now
        var nextRecount = next
        while !thread.isStopping {
            if .now >= next {
                let isWhole = maintain()
                next = .now + (isWhole ? Self.interval : Self.retryInterval)
                if .now >= nextRecount, step(.outboxCounts, recount) {
                    nextRecount = .now + Self.recountInterval
                }
            }
            boundQuarantineIfGrown()
            thread.pause(for: Self.growthInterval)
        }
    }

    /// One run; false if a step of it failed.
    private func maintain() -> Bool {
        [
            // Rows for a day without a partition go to the default one, so a delay does no harm.
            step(.partitions, addPartitions),
            step(.oldPartitions, dropPartitions),
            walk(.archive, DropOldCallbacks.self),
            walk(.quarantine, DropOldQuarantine.self),
            boundQuarantine(),
            walk(.idempotencyKeys, DropOldKeys.self),
            walk(.changes, DropOldChanges.self),
            walk(.sessions, DropExpiredSessions.self),
            walk(.passwordLinks, DropExpiredLinks.self),
            walk(.signInFailures, DropOldFailures.self),
            walk(.statistics, DropOldStatistics.self),
            walk(.webhookDeliveries, DropOldDeliveries.self),
            walk(.traffic, DropOldTraffic.self),
            // Steps that depend on events come after their deletion.
            walk(.events, DropOldEvents.self),
            walk(.deadLetters, DropOldDeadLetters.self),
            dropMessages(),
            walk(.inbound) { [inboundDays] in DropOldInbound(keepDays: inboundDays, most: $1) },
            walk(.sendRequests, DropOldSendRequests.self),
            walk(.audit) { [keepDays, auditDays] in
                DropOldAudit(auditDays: auditDays, keepDays: keepDays, most: $1)
            },
        ].allSatisfy { $0 }
    }
}

extension Maintenance {
    private func dropMessages() -> Bool {
        guard let ledgerDays else { return true }
        var age: Int64?
        let isMoved = step(.messages) { connection throws(PostgresError) in
            age = try connection.execute(MoveLedgerFloor(keepDays: ledgerDays)).first
        }
        guard isMoved, let age else { return false }
        thread.pause(for: floorRest - .seconds(age))
        return walk(.messages) { DropOldMessages(keepDays: ledgerDays, most: $1) }
    }

    private func boundQuarantineIfGrown() {
        guard let quarantine, quarantine.takeGrowth() else { return }
        if !boundQuarantine() { quarantine.returnGrowth() }
    }

    private func boundQuarantine() -> Bool {
        step(.quarantineBounds) { connection throws(PostgresError) in
            try connection.execute(
                LimitStatementTime(limit: Self.measureLimit), CommitLazily(), MeasureQuarantine(),
                within: Self.measureLimit + Self.grace)
        } && walk(.quarantineBounds, CutQuarantine.self)
    }

    private func recount(_ connection: Connection) throws(PostgresError) {
        guard try connection.execute(RecountOutbox()).first == true else { return }
        logger.log(.warning, "the outbox's counts were off and have been mended", limitKey: "")
    }

    private func addPartitions(_ connection: Connection) throws(PostgresError) {
        try repeatedly { () throws(PostgresError) in
            try connection.execute(
                LimitStatementTime(limit: Self.partitionLimit),
                AddArchivePartition(daysAhead: Self.daysAhead),
                within: Self.partitionLimit + Self.grace
            ).1.first ?? false
        }
    }

    private func dropPartitions(_ connection: Connection) throws(PostgresError) {
        try repeatedly { () throws(PostgresError) in
            try connection.execute(DropArchivePartition(keepDays: keepDays)).first ?? false
        }
    }

    /// Repeats a step that needs a lock until nothing is left. Callbacks wait behind a lock
    /// request, so each wait is short and there are few.
    private func repeatedly(
        _ body: () throws(PostgresError) -> Bool
    ) throws(PostgresError) {
        var tries = 0
        while !thread.isStopping {
            do throws(PostgresError) {
                guard try body() else { return }
            } catch {
                tries += 1
                guard error.sqlState?.lostLock == true, tries < Self.lockTries else {
                    throw error
                }
                thread.pause(for: .seconds(1))
            }
        }
    }

    /// Deletes in portions until nothing expired is left.
    private func walk<Drop: WalkStatement>(_ step: MaintenanceStep, _ drop: Drop.Type) -> Bool {
        walk(step) { [keepDays] in Drop(keepDays: keepDays, after: $0, most: $1) }
    }

    /// The same with a statement that is made of where a portion begins and how large it is.
    private func walk(
        _ step: MaintenanceStep, _ drop: (_ after: RowKey, _ most: Int) -> some DropStatement
    ) -> Bool {
        var pace = BatchPace()
        var after = RowKey.first
        while !thread.isStopping {
            let started = ContinuousClock.now
            let size = pace.size
            do throws(PostgresError) {
                let statement = drop(after, size)
                let portion = try pool.withConnection(isIdempotent: true) {
                    connection throws(PostgresError) in
                    try connection.execute(
                        LimitStatementTime(limit: BatchPace.limit), CommitLazily(), statement,
                        within: BatchPace.limit + Self.grace
                    ).2.first
                }
                metrics.dropped(portion?.dropped ?? 0, by: step)
                let rest = pace.succeeded(in: .now - started)
                guard let portion, let seen = portion.seen, seen >= size else { return true }
                after = portion.last ?? after
                thread.pause(for: rest)
                if step != .quarantineBounds { boundQuarantineIfGrown() }
            } catch {
                guard error.code == .timeout, pace.timedOut() else {
                    failed(step, error)
                    return false
                }
            }
        }
        return true
    }

    private func step(
        _ step: MaintenanceStep, _ body: (Connection) throws(PostgresError) -> Void
    ) -> Bool {
        do throws(PostgresError) {
            try pool.withConnection(isIdempotent: true, body)
            return true
        } catch {
            failed(step, error)
            return false
        }
    }

    private func failed(_ step: MaintenanceStep, _ error: PostgresError) {
        metrics.failed(step)
        logger.log(
            .warning, "housekeeping failed; it is tried again", limitKey: step.rawValue,
            ["step": "\(step.rawValue)", "error": "\(error.description)"])
    }
}

/// The parts of a run, as the log and metrics name them.
enum MaintenanceStep: String, CaseIterable {
    case partitions
    case oldPartitions = "old_partitions"
    case archive
    case quarantine
    case quarantineBounds = "quarantine_bounds"
    case idempotencyKeys = "idempotency_keys"
    case changes
    case sessions
    case passwordLinks = "password_links"
    case signInFailures = "sign_in_failures"
    case statistics
    case webhookDeliveries = "webhook_deliveries"
    case traffic
    case events
    case deadLetters = "dead_letters"
    case messages
    case inbound
    case sendRequests = "send_requests"
    case outboxCounts = "outbox_counts"
    case audit
}

/// What maintenance counts, by its step.
struct MaintenanceMetrics: Sendable {
    private let failures: [MaintenanceStep: Counter]
    private let rows: [MaintenanceStep: Counter]

    init(_ metrics: Metrics) {
        func counters(_ name: String, _ help: String) -> [MaintenanceStep: Counter] {
            let all = MaintenanceStep.allCases.map {
                ($0, metrics.counter(name, help, ["step": $0.rawValue]))
            }
            return Dictionary(uniqueKeysWithValues: all)
        }
        failures = counters(
            "waybill_maintenance_failures_total", "Steps of housekeeping that failed.")
        rows = counters("waybill_maintenance_dropped_rows_total", "Rows that housekeeping dropped.")
    }

    func failed(_ step: MaintenanceStep) {
        failures[step]?.add()
    }

    func dropped(_ count: Int, by step: MaintenanceStep) {
        rows[step]?.add(count)
    }

    /// Of each step that has dropped some.
    var droppedRows: [String: Int] {
        let counts = rows.map { ($0.key.rawValue, Int($0.value.value)) }.filter { $0.1 > 0 }
        return Dictionary(uniqueKeysWithValues: counts)
    }
}
