import Domain
import Postgres

/// All users.
struct SelectUsers: Statement {
    static let name: StaticString = "select_users"
    static let sql: StaticString = """
        select id, email, name, role, is_disabled, created_at, last_sign_in_at,
            password_hash is not null, totp_secret is not null,
            (select count(*) from recovery_code where user_id = app_user.id),
            (select expires_at from password_link
                where user_id = app_user.id and expires_at > now())
        from app_user
        order by email_key
        limit 10000
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> User {
        try row.nextUser()
    }
}

/// One user with what proves the identity, found by one of three names.
struct SelectCredentials: Statement {
    var id: UserID?
    var email: EmailAddress?
    /// Of a link that has not expired.
    var linkHash: [UInt8]?

    static let name: StaticString = "select_credentials"
    static let sql: StaticString = """
        select id, email, name, role, is_disabled, created_at, last_sign_in_at,
            password_hash is not null, totp_secret is not null,
            (select count(*) from recovery_code where user_id = app_user.id),
            (select expires_at from password_link
                where user_id = app_user.id and expires_at > now()),
            password_hash, totp_secret, totp_last_step,
            case when totp_proposed_at > now() - interval '1 hour' then totp_proposal end
        from app_user
        where id = coalesce(
            $1, (select id from app_user where email_key = $2),
            (select user_id from password_link where hash = $3 and expires_at > now()))
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id?.halves)
        parameters.add(email?.key)
        parameters.add(bytes: linkHash)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Credentials {
        let user = try row.nextUser()
        return Credentials(
            user: user, passwordHash: try row.next(String?.self),
            totpSecret: try row.next([UInt8]?.self), totpLastStep: try row.next(Int64?.self),
            totpProposal: try row.next([UInt8]?.self))
    }
}

/// Locks a user until the end of the transaction; no row if there is none.
struct LockUser: Statement {
    let id: UserID

    static let name: StaticString = "lock_user"
    static let sql: StaticString = "select id from app_user where id = $1 for update"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> UserID {
        try row.next(UserID.self)
    }
}

/// Lets one transaction at a time take rights from users, until its end: of two who take each other's,
/// the second one sees what the first one did.
///
/// Before any row is locked. Locks on the admins' rows would not do: a statement also locks those that
/// have stopped being admins while it waited, and so in another order than one that began later.
struct LockRights: Statement {
    static let name: StaticString = "lock_rights"
    static let sql: StaticString = "select pg_advisory_xact_lock(7310873233)"
}

/// All admins that are not disabled; after `LockRights` nobody else changes who they are.
struct SelectAdmins: Statement {
    static let name: StaticString = "select_admins"
    static let sql: StaticString = """
        select id from app_user where role = 'admin' and not is_disabled
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> UserID {
        try row.next(UserID.self)
    }
}

/// Adds a user, unless the address is taken or there are as many as there may be.
struct InsertUser: Statement {
    let id: UserID
    let draft: UserDraft
    let passwordHash: String?

    static let name: StaticString = "insert_user"
    static let sql: StaticString = """
        insert into app_user (id, email, email_key, name, role, password_hash, password_changed_at)
        select $1, $2, $3, $4, $5, $6::text, case when $6::text is not null then now() end
        where (select count(*) from app_user) < $7::bigint
        on conflict (email_key) do nothing
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
        parameters.add(draft.email.text)
        parameters.add(draft.email.key)
        parameters.add(draft.name.description)
        parameters.add(draft.role.rawValue)
        parameters.add(passwordHash)
        parameters.add(Int64(userLimit))
    }
}

/// Writes a user's role, name, and whether the account is closed.
struct UpdateUser: Statement {
    let id: UserID
    let role: Role
    let name: UserName
    let isDisabled: Bool

    static let name: StaticString = "update_user"
    static let sql: StaticString = """
        update app_user set role = $2, name = $3, is_disabled = $4 where id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
        parameters.add(role.rawValue)
        parameters.add(name.description)
        parameters.add(isDisabled)
    }
}

extension RowReader {
    /// The eleven columns of a user.
    mutating func nextUser() throws(PostgresError) -> User {
        let id = try next(UserID.self)
        let email = try next(String.self)
        let name = try next(String.self)
        let role = try next(String.self)
        guard let email = EmailAddress(email), let name = UserName(name),
            let role = Role(rawValue: role)
        else { throw .undecodable("a user's address, name or role is none") }
        return User(
            id: id, email: email, name: name, role: role, isDisabled: try next(Bool.self),
            createdAt: try next(Timestamp.self), lastSignInAt: try next(Timestamp?.self),
            hasPassword: try next(Bool.self), hasTOTP: try next(Bool.self),
            recoveryCodesLeft: try next(Int.self), linkExpiresAt: try next(Timestamp?.self))
    }
}
