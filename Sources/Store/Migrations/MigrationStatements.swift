import Postgres

/// A row of `schema_migration`.
struct AppliedMigration {
    let version: Int
    let name: String
    let checksum: Int64
}

/// Waits for the lock that lets one migration run at a time.
struct LockMigrations: Statement {
    static let name: StaticString = "lock_migrations"
    static let sql: StaticString = "select pg_advisory_lock(7310873225)"
}

/// Whether anything was ever applied.
struct FindMigrationTable: Statement {
    static let name: StaticString = "find_migration_table"
    static let sql: StaticString = "select to_regclass('schema_migration') is not null"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}

/// What has been applied, in order.
struct SelectMigrations: Statement {
    static let name: StaticString = "select_migrations"
    static let sql: StaticString = """
        select version, name, checksum from schema_migration order by version
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> AppliedMigration {
        AppliedMigration(
            version: try row.next(Int.self), name: try row.next(String.self),
            checksum: try row.next(Int64.self))
    }
}

/// Records that a file was applied.
struct InsertMigration: Statement {
    let file: MigrationFile

    static let name: StaticString = "insert_migration"
    static let sql: StaticString = """
        insert into schema_migration (version, name, checksum) values ($1, $2, $3)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int32(file.version))
        parameters.add(file.name)
        parameters.add(file.checksum)
    }
}

/// The session's own process at the server.
struct SelectBackend: Statement {
    static let name: StaticString = "select_backend"
    static let sql: StaticString = "select pg_backend_pid()"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int32 {
        try row.next(Int32.self)
    }
}

/// The sessions that block another one.
struct SelectBlockers: Statement {
    let backend: Int32

    static let name: StaticString = "select_blockers"
    static let sql: StaticString = """
        select pid, usename::text, application_name, state,
            extract(epoch from clock_timestamp() - xact_start)::bigint
        from unnest(pg_blocking_pids($1)) as blocking (pid)
        left join pg_stat_activity using (pid)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(backend)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> LockBlocker {
        LockBlocker(
            backend: try row.next(Int32.self), role: try row.next(String?.self),
            application: try row.next(String?.self), state: try row.next(String?.self),
            seconds: try row.next(Int64?.self))
    }
}
