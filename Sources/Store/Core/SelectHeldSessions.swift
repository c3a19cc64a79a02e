import Postgres

/// How many sessions of ours have been at work for long, so that another one would only join them.
///
/// A session that waits for a synchronous standby goes on waiting, and holds its locks, when nobody
/// listens any more; PostgreSQL does not notice a lost client there.
struct SelectHeldSessions: Statement {
    /// How long is long.
    let longerThan: Duration
    /// The processes of connections that were given up with the outcome unknown.
    let abandoned: [Int32]

    static let name: StaticString = "select_held_sessions"
    static let sql: StaticString = """
        select count(*) filter (where wait_event = 'SyncRep'),
            count(*) filter (where pid = any($2::integer[]))
        from pg_stat_activity
        where usename = current_user and state = 'active' and pid <> pg_backend_pid()
            and xact_start < now() - $1::bigint * interval '1 millisecond'
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int64(longerThan / .milliseconds(1)))
        parameters.addInt32s(abandoned) { $0 }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (waitForStandby: Int, abandoned: Int) {
        (try row.next(Int.self), try row.next(Int.self))
    }
}
