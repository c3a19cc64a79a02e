import Postgres

/// Makes one of the archive's partitions for the days to come; false if none is missing.
struct AddArchivePartition: Statement {
    let daysAhead: Int

    static let name: StaticString = "add_archive_partition"
    static let sql: StaticString = "select add_archive_partition($1)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(clamping: daysAhead))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
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

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}

/// Finds which rows of the quarantine are within its bounds.
struct MeasureQuarantine: Statement {
    static let name: StaticString = "measure_quarantine"
    static let sql: StaticString = "select measure_quarantine()::text"
}

/// Corrects the outbox's counts; true if they were wrong.
struct RecountOutbox: Statement {
    static let name: StaticString = "recount_outbox"
    static let sql: StaticString = "select recount_outbox()"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}
