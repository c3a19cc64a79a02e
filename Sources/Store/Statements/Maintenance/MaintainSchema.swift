import Postgres

/// Makes one of the archive's partitions for the days to come; false if none is missing.
struct AddArchivePartition: Statement {
    let daysAhead: Int

    static let name: StaticString = "add_archive_partition"
    static let sql: StaticString = "select add_archive_partition($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: daysAhead))
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> Bool {
        try row.bool(0)
    }
}

/// Empties or drops one of the archive's partitions that is past its time; false if none is.
struct DropArchivePartition: Statement {
    let keepDays: Int

    static let name: StaticString = "drop_archive_partition"
    static let sql: StaticString = "select drop_archive_partition($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: keepDays))
    }

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> Bool {
        try row.bool(0)
    }
}

/// Finds what of the quarantine is within its bounds.
struct MeasureQuarantine: Statement {
    static let name: StaticString = "measure_quarantine"
    static let sql: StaticString = "select measure_quarantine()::text"
}

/// Mends the outbox's counts; true if they were off.
struct RecountOutbox: Statement {
    static let name: StaticString = "recount_outbox"
    static let sql: StaticString = "select recount_outbox()"

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> Bool {
        try row.bool(0)
    }
}

/// Lets the rest of the transaction's statements take longer than those of callers may.
struct AllowTime: Statement {
    let limit: Duration

    static let name: StaticString = "allow_time"
    static let sql: StaticString = "select set_config('statement_timeout', $1, true)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(String(Int64(limit / .milliseconds(1))))
    }
}

/// Lets the transaction end before it is on disk: what was dropped and comes back is dropped again.
struct RelaxCommit: Statement {
    static let name: StaticString = "relax_commit"
    static let sql: StaticString = "select set_config('synchronous_commit', 'off', true)"
}
