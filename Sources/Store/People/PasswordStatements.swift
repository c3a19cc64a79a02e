import Domain
import Postgres

/// Sets or takes away a user's password.
struct SetPasswordHash: Statement {
    let id: UserID
    /// Nil takes it away.
    let hash: String?

    static let name: StaticString = "set_password_hash"
    static let sql: StaticString = """
        update app_user set password_hash = $2, password_changed_at = now() where id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
        parameters.add(hash)
    }
}

/// Keeps a user's new link for a day; the one before ends.
struct SetPasswordLink: Statement {
    let user: UserID
    let hash: [UInt8]

    static let name: StaticString = "set_password_link"
    static let sql: StaticString = """
        insert into password_link (user_id, hash, expires_at)
        values ($1, $2, now() + interval '24 hours')
        on conflict (user_id) do update set
            hash = excluded.hash, created_at = now(), expires_at = excluded.expires_at
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
        parameters.add(bytes: hash)
    }
}

/// Uses a link up; of two at once the second one finds none.
struct TakePasswordLink: Statement {
    let hash: [UInt8]

    static let name: StaticString = "take_password_link"
    static let sql: StaticString = """
        delete from password_link where hash = $1 and expires_at > now() returning user_id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: hash)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> UserID {
        try row.next(UserID.self)
    }
}

/// Ends a user's link.
struct DeletePasswordLink: Statement {
    let user: UserID

    static let name: StaticString = "delete_password_link"
    static let sql: StaticString = "delete from password_link where user_id = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
    }
}
