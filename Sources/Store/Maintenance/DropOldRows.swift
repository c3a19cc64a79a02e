import Postgres

/// The result of one portion of a retention walk.
struct DroppedPortion: Sendable {
    /// How many rows were read; nil if another process is running the walk.
    let seen: Int?
    let dropped: Int
    /// Where the next portion begins; nil for a walk that deletes all that it reads.
    let last: RowKey?

    init(_ row: inout RowReader) throws(PostgresError) {
        seen = try row.next(Int?.self)
        dropped = try row.next(Int?.self) ?? 0
        last = try row.next(RowKey?.self)
    }
}

/// A place in the order of a key that is a `uuid`.
struct RowKey: Sendable, ColumnValue {
    let high: UInt64
    let low: UInt64

    /// Before all others.
    static let first = RowKey(high: 0, low: 0)

    private init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    init(_ column: borrowing Column) throws(PostgresError) {
        (high, low) = try column.uuid()
    }
}

/// Deletes a portion of old rows through a function of the schema.
protocol DropStatement: Statement where Row == DroppedPortion {}

/// The same for what is kept for so many days after the last thing that happened.
protocol WalkStatement: DropStatement {
    /// - Parameters:
    ///   - keepDays: nothing younger than so many days is deleted.
    ///   - after: where the portion begins.
    ///   - most: how many rows to read.
    init(keepDays: Int, after: RowKey, most: Int)
}

extension DropStatement {
    static func decode(_ row: inout RowReader) throws(PostgresError) -> DroppedPortion {
        try DroppedPortion(&row)
    }
}

/// A portion of the idempotency keys past 24 hours.
struct DropOldKeys: WalkStatement {
    private let most: Int

    init(keepDays: Int, after: RowKey, most: Int) {
        self.most = most
    }

    static let name: StaticString = "drop_old_keys"
    static let sql: StaticString = "select seen, dropped, last from drop_old_keys($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: most))
    }
}

/// A portion of the timelines of messages without recent activity.
struct DropOldEvents: WalkStatement {
    private let walk: Walk

    init(keepDays: Int, after: RowKey, most: Int) {
        walk = Walk(keepDays: keepDays, after: after, most: most)
    }

    static let name: StaticString = "drop_old_events"
    static let sql: StaticString = "select seen, dropped, last from drop_old_events($1, $2, $3)"

    func encode(into parameters: inout StatementParameters) { walk.encode(into: &parameters) }
}

/// A portion of the dead letters of such messages.
struct DropOldDeadLetters: WalkStatement {
    private let walk: Walk

    init(keepDays: Int, after: RowKey, most: Int) {
        walk = Walk(keepDays: keepDays, after: after, most: most)
    }

    static let name: StaticString = "drop_old_dead_letters"
    static let sql: StaticString =
        "select seen, dropped, last from drop_old_dead_letters($1, $2, $3)"

    func encode(into parameters: inout StatementParameters) { walk.encode(into: &parameters) }
}

/// A portion of the send requests, with their texts, that have only such messages.
struct DropOldSendRequests: WalkStatement {
    private let walk: Walk

    init(keepDays: Int, after: RowKey, most: Int) {
        walk = Walk(keepDays: keepDays, after: after, most: most)
    }

    static let name: StaticString = "drop_old_send_requests"
    static let sql: StaticString =
        "select seen, dropped, last from drop_old_send_requests($1, $2, $3)"

    func encode(into parameters: inout StatementParameters) { walk.encode(into: &parameters) }
}

/// A portion of the changes that are older than three days.
struct DropOldChanges: WalkStatement {
    private let walk: Walk

    init(keepDays: Int, after: RowKey, most: Int) {
        // Later readers read the messages themselves.
        walk = Walk(keepDays: 3, after: nil, most: most)
    }

    static let name: StaticString = "drop_old_changes"
    static let sql: StaticString = "select seen, dropped, last from drop_old_changes($1, $2)"

    func encode(into parameters: inout StatementParameters) { walk.encode(into: &parameters) }
}

/// A portion of the hours of statistics that are older than 400 days.
struct DropOldStatistics: WalkStatement {
    private let most: Int

    init(keepDays: Int, after: RowKey, most: Int) {
        self.most = most
    }

    static let name: StaticString = "drop_old_statistics"
    static let sql: StaticString = "select seen, dropped, last from drop_old_statistics($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: most))
    }
}

/// A portion of the five minutes that nothing is compared with any more, and of old alarms.
struct DropOldTraffic: WalkStatement {
    private let most: Int

    init(keepDays: Int, after: RowKey, most: Int) {
        self.most = most
    }

    static let name: StaticString = "drop_old_traffic"
    static let sql: StaticString = "select seen, dropped, last from drop_old_traffic($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: most))
    }
}

/// A portion of the expired rows in the archive's default partition.
struct DropOldCallbacks: WalkStatement {
    private let walk: Walk

    init(keepDays: Int, after: RowKey, most: Int) {
        walk = Walk(keepDays: keepDays, after: nil, most: most)
    }

    static let name: StaticString = "drop_old_callbacks"
    static let sql: StaticString = "select seen, dropped, last from drop_old_callbacks($1, $2)"

    func encode(into parameters: inout StatementParameters) { walk.encode(into: &parameters) }
}

/// A portion of the expired rows in quarantine.
struct DropOldQuarantine: WalkStatement {
    private let walk: Walk

    init(keepDays: Int, after: RowKey, most: Int) {
        walk = Walk(keepDays: keepDays, after: nil, most: most)
    }

    static let name: StaticString = "drop_old_quarantine"
    static let sql: StaticString = "select seen, dropped, last from drop_old_quarantine($1, $2)"

    func encode(into parameters: inout StatementParameters) { walk.encode(into: &parameters) }
}

/// A portion of the rows in quarantine beyond its bounds, as last measured.
struct CutQuarantine: WalkStatement {
    private let most: Int

    init(keepDays: Int, after: RowKey, most: Int) {
        self.most = most
    }

    static let name: StaticString = "cut_quarantine"
    static let sql: StaticString = "select seen, dropped, last from cut_quarantine($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: most))
    }
}

/// Moves the ledger's floor to where messages are kept from. Tells for how many seconds it has been
/// where it is now.
struct MoveLedgerFloor: Statement {
    let keepDays: Int

    static let name: StaticString = "move_ledger_floor"
    static let sql: StaticString = "select move_ledger_floor($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: keepDays))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int64 {
        try row.next(Int64.self)
    }
}

/// A portion of the messages that are over for so long and below the ledger's floor, with their reports.
struct DropOldMessages: DropStatement {
    let keepDays: Int
    let most: Int

    static let name: StaticString = "drop_old_messages"
    static let sql: StaticString = "select seen, dropped, last from drop_old_messages($1, $2)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: keepDays))
        parameters.add(Int32(clamping: most))
    }
}

/// A portion of the expired messages from people.
struct DropOldInbound: DropStatement {
    let keepDays: Int
    let most: Int

    static let name: StaticString = "drop_old_inbound"
    static let sql: StaticString = "select seen, dropped, last from drop_old_inbound($1, $2)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: keepDays))
        parameters.add(Int32(clamping: most))
    }
}

/// A portion of the expired audit entries. Those of sending go with the send requests.
struct DropOldAudit: DropStatement {
    let auditDays: Int
    let keepDays: Int
    let most: Int

    static let name: StaticString = "drop_old_audit"
    static let sql: StaticString = "select seen, dropped, last from drop_old_audit($1, $2, $3)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: auditDays))
        parameters.add(Int32(clamping: keepDays))
        parameters.add(Int32(clamping: most))
    }
}

/// The parameters that most of these have.
private struct Walk {
    let keepDays: Int
    /// Nil where the walk always begins at the start.
    let after: RowKey?
    let most: Int

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: keepDays))
        if let after { parameters.add(uuid: (after.high, after.low)) }
        parameters.add(Int32(clamping: most))
    }
}
