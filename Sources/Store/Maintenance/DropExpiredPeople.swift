import Postgres

/// A portion of the sessions past their absolute end.
struct DropExpiredSessions: WalkStatement {
    private let most: Int

    init(keepDays: Int, after: RowKey, most: Int) {
        self.most = most
    }

    static let name: StaticString = "drop_expired_sessions"
    static let sql: StaticString = """
        with gone as (
            delete from session where id in (
                select id from session where ends_at < now() order by ends_at limit $1)
            returning id
        )
        select count(*), count(*), null::uuid from gone
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int64(most))
    }
}

/// A portion of the links past their end.
struct DropExpiredLinks: WalkStatement {
    private let most: Int

    init(keepDays: Int, after: RowKey, most: Int) {
        self.most = most
    }

    static let name: StaticString = "drop_expired_links"
    static let sql: StaticString = """
        with gone as (
            delete from password_link where user_id in (
                select user_id from password_link where expires_at < now() limit $1)
            returning user_id
        )
        select count(*), count(*), null::uuid from gone
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int64(most))
    }
}

/// A portion of the failures without another one for a day; and, of addresses without an account,
/// those beyond the hundred thousand latest, so that nobody can fill the table.
struct DropOldFailures: WalkStatement {
    private let most: Int

    init(keepDays: Int, after: RowKey, most: Int) {
        self.most = most
    }

    static let name: StaticString = "drop_old_failures"
    static let sql: StaticString = """
        with old as (
            (select key from sign_in_failure where last_at < now() - interval '1 day'
                order by last_at limit $1)
            union
            (select key from (
                select key from sign_in_failure order by last_at desc offset 100000) as surplus
                where not exists (
                    select from app_user where sha256(convert_to(email_key, 'UTF8')) = key)
                limit $1)
        ),
        gone as (
            delete from sign_in_failure where key in (select key from old limit $1) returning key
        )
        select count(*), count(*), null::uuid from gone
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int64(most))
    }
}
