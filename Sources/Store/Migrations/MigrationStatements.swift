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

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> Bool {
        try row.bool(0)
    }
}

/// What has been applied, in order.
struct SelectMigrations: Statement {
    static let name: StaticString = "select_migrations"
    static let sql: StaticString = """
        select version, name, checksum from schema_migration order by version
        """

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> AppliedMigration {
        AppliedMigration(
            version: Int(try row.int32(0)), name: try row.text(1), checksum: try row.int64(2))
    }
}

/// Notes that a file was applied.
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

/// Gives the responder's role its rights.
struct GrantResponder: Statement {
    let role: String

    static let name: StaticString = "grant_responder"
    static let sql: StaticString = "select grant_responder($1::text::name)"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(role)
    }
}

/// The newest migration.
struct SelectSchemaVersion: Statement {
    static let name: StaticString = "select_schema_version"
    static let sql: StaticString = "select coalesce(max(version), 0) from schema_migration"

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> Int {
        Int(try row.int32(0))
    }
}

/// Why the server takes no writes; null if it does.
struct SelectWriteRefusal: Statement {
    static let name: StaticString = "select_write_refusal"
    static let sql: StaticString = """
        select case
            when pg_is_in_recovery()
                then 'The database is a standby: it can be read only.'
            when current_setting('transaction_read_only')::boolean
                then 'The database can be read only: default_transaction_read_only is on.'
        end
        """

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> String? {
        try row.optionalText(0)
    }
}

/// What a commit means at this server.
struct SelectDurability: Statement {
    static let name: StaticString = "select_durability"
    // Our sessions set the level themselves; what they would have without that is asked for. A
    // standby writes no WAL, and its own timeline is that of its last checkpoint.
    static let sql: StaticString = """
        select reset_val, current_setting('synchronous_standby_names'),
            case when pg_is_in_recovery() then (select timeline_id from pg_control_checkpoint())
            else ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer
            end
        from pg_settings
        where name = 'synchronous_commit'
        """

    static func decode(
        _ row: borrowing RowReader
    ) throws(PostgresError) -> (level: String, standbyNames: String, timeline: Int?) {
        (try row.text(0), try row.text(1), try row.optionalInt32(2).map { Int($0) })
    }
}

/// The session's own process at the server.
struct SelectBackend: Statement {
    static let name: StaticString = "select_backend"
    static let sql: StaticString = "select pg_backend_pid()"

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> Int32 {
        try row.int32(0)
    }
}

/// Whom a session waits for.
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

    static func decode(_ row: borrowing RowReader) throws(PostgresError) -> LockBlocker {
        LockBlocker(
            backend: try row.int32(0), role: try row.optionalText(1),
            application: try row.optionalText(2), state: try row.optionalText(3),
            seconds: try row.optionalInt64(4))
    }
}
