import Domain
import Postgres
import Telemetry

extension Committer {
    /// No ledger is kept for so short a time: younger reports are stored without a look.
    private static let leastRetention: Duration = .seconds(2 * 86_400)
    /// For how long the ledger's floor is remembered. It is moved long before anything below it is
    /// dropped: see `Maintenance.floorRest`.
    private static let floorLife: Duration = .seconds(1)

    /// Leaves out reports about messages that retention has dropped: stored again, they would be new
    /// messages, and counted a second time. Their callbacks are archived all the same.
    ///
    /// Until `releaseRetention`, nothing is dropped: a message that is there now is there when the
    /// reports are written. Costs a look a second at most, unless there are reports from before the
    /// ledger's floor.
    ///
    /// - Parameters:
    ///   - entries: what is open.
    ///   - meanwhile: what to do while the server works.
    /// - Returns: the open entries.
    /// - Throws: the error of a look-up.
    mutating func leaveOutDropped(
        of entries: [SubmissionQueue.Entry], meanwhile: () -> Void
    ) throws(PostgresError) -> [SubmissionQueue.Entry] {
        let bound = Timestamp.now.advanced(by: .zero - Self.leastRetention)
        guard entries.contains(where: { $0.submission.hasReport(before: bound) }) else {
            return entries
        }
        let floor = try ledgerFloor(meanwhile: meanwhile)
        guard entries.contains(where: { $0.submission.hasReport(before: floor) }) else {
            return entries
        }
        let connection = try usableConnection(beforeConnecting: meanwhile)
        holdsRetention = true
        let old = entries.flatMap { $0.submission.reports.filter { $0.isOlder(than: floor) } }
        let pending = try connection.send(
            HoldRetention(), SelectKnownMessages(messages: Array(Set(old.map(\.message)))),
            within: writer.settings.commitDeadline)
        meanwhile()
        let there = Set(try pending.receive().1.rows)
        func isDropped(_ report: Report) -> Bool {
            report.isOlder(than: floor) && !there.contains(report.message)
        }
        var replacements: [Int: Submission] = [:]
        var count = 0
        for index in taken.indices {
            guard let submission = taken[index]?.submission else { continue }
            let kept = submission.reports.filter { !isDropped($0) }
            guard kept.count < submission.reports.count else { continue }
            count += submission.reports.count - kept.count
            replacements[index] = submission.with(reports: kept, rejects: submission.rejects)
        }
        guard count > 0 else { return entries }
        taken.replace(replacements)
        writer.metrics.expired.add(count)
        writer.logger.log(
            .warning, "reports about messages that are past their retention were not stored",
            limitKey: "", ["reports": .integer(Int64(count))])
        return taken.open
    }

    /// From when on all messages are there.
    private mutating func ledgerFloor(meanwhile: () -> Void) throws(PostgresError) -> Timestamp {
        let now = ContinuousClock.now
        if let knownFloor, knownFloor.until > now { return knownFloor.floor }
        let connection = try usableConnection(beforeConnecting: meanwhile)
        let pending = try connection.send(
            SelectLedgerFloor(), within: writer.settings.commitDeadline)
        meanwhile()
        let floor = try pending.receive().first ?? Timestamp(microseconds: .min)
        knownFloor = (floor, now + Self.floorLife)
        return floor
    }

    /// Lets messages be dropped again.
    mutating func releaseRetention() {
        guard holdsRetention else { return }
        holdsRetention = false
        // A connection that broke has released it.
        _ = try? usableConnection().execute(ReleaseRetention())
    }
}

extension Submission {
    fileprivate func hasReport(before time: Timestamp) -> Bool {
        reports.contains { $0.isOlder(than: time) }
    }
}

extension Report {
    /// Whether its message is from before a time, as far as our own id or the provider's times tell.
    fileprivate func isOlder(than time: Timestamp) -> Bool {
        if message.version == 7 {
            return Int64(message.high >> 16) < time.microseconds / 1000
        }
        return (doneAt ?? sentAt).map { $0 < time } ?? false
    }
}

/// Keeps messages from being dropped while this session holds it; waits for a portion that is under way.
struct HoldRetention: Statement {
    static let name: StaticString = "hold_retention"
    // The lock of drop_old_messages().
    static let sql: StaticString = "select pg_advisory_lock_shared(7310873231)"
}

/// Ends it.
struct ReleaseRetention: Statement {
    static let name: StaticString = "release_retention"
    static let sql: StaticString = "select pg_advisory_unlock_shared(7310873231)"
}

/// Messages that were over before may be gone; no row if none are.
struct SelectLedgerFloor: Statement {
    static let name: StaticString = "select_ledger_floor"
    static let sql: StaticString = "select before from ledger_floor where isfinite(before)"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Timestamp {
        try row.next(Timestamp.self)
    }
}

/// Those of some messages that there are.
struct SelectKnownMessages: Statement {
    let messages: [MessageID]

    static let name: StaticString = "select_known_messages"
    static let sql: StaticString = "select id from message where id = any($1::uuid[])"

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(messages) { $0.halves }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> MessageID {
        try row.next(MessageID.self)
    }
}
