import Postgres

/// The newest migration.
struct SelectSchemaVersion: Statement {
    static let name: StaticString = "select_schema_version"
    static let sql: StaticString = "select coalesce(max(version), 0) from schema_migration"

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Int {
        try row.next(Int.self)
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

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String? {
        try row.next(String?.self)
    }
}

/// The durability of a commit at this server.
struct SelectDurability: Statement {
    static let name: StaticString = "select_durability"
    // Our sessions set the level themselves; what they would have without that is asked for. A
    // standby writes no WAL, and its own timeline is that of its last checkpoint.
    static let sql: StaticString = """
        select reset_val, current_setting('synchronous_standby_names'),
            case when pg_is_in_recovery() then (select timeline_id from pg_control_checkpoint())
            else ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::integer
            end,
            (select system_identifier from pg_control_system())
        from pg_settings
        where name = 'synchronous_commit'
        """

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (
        level: String, standbyNames: String, timeline: Int?, systemIdentifier: Int64?
    ) {
        (
            try row.next(String.self), try row.next(String.self), try row.next(Int?.self),
            try row.next(Int64?.self)
        )
    }
}

/// Which of some rights the session's user lacks, as in `INSERT on report`. What is not there lacks
/// nothing: the migration's number tells of that.
struct SelectMissingRights: Statement {
    /// Whoever they are stated for.
    let grants: [Grant]

    static let name: StaticString = "select_missing_rights"
    static let sql: StaticString = """
        select privilege || ' on ' || object
        from unnest($1::text[], $2::text[], $3::text[]) as stated (kind, object, privilege)
        where case kind
            when 'table' then not has_table_privilege(to_regclass(quote_ident(object)), privilege)
            when 'function' then exists (
                select from pg_proc
                where proname = object and pg_function_is_visible(oid)
                    and not has_function_privilege(oid, privilege))
            end
        order by object, privilege
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addTexts(grants) { $0.kind.rawValue }
        parameters.addTexts(grants) { $0.object }
        parameters.addTexts(grants) { $0.privilege }
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(String.self)
    }
}
