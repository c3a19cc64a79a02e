import Domain
import Postgres

/// The session with a token, and its user. A token that was replaced a moment ago is good too.
struct SelectSession: Statement {
    let hash: [UInt8]
    let idle: Duration

    static let name: StaticString = "select_session"
    static let sql: StaticString = """
        select app_user.id, email, name, app_user.role, is_disabled, app_user.created_at,
            last_sign_in_at, password_hash is not null, totp_secret is not null,
            (select count(*) from recovery_code where user_id = app_user.id), null::timestamptz,
            session.id, session.user_id, session.created_at, last_active_at,
            least(ends_at, last_active_at + $2::integer * interval '1 second'), ends_at, address,
            user_agent,
            session.role <> app_user.role and hash = $1,
            last_active_at < now() - least(60, $2::integer / 4) * interval '1 second'
        from session
        join app_user on app_user.id = user_id
        where (hash = $1 or old_hash = $1 and old_until > now())
            and ends_at > now()
            and last_active_at > now() - $2::integer * interval '1 second'
            and not is_disabled
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: hash)
        parameters.add(Int32(clamping: idle.components.seconds))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> SessionRow {
        SessionRow(
            user: try row.nextUser(), session: try row.nextSession(),
            needsNewToken: try row.next(Bool.self), isActivityStale: try row.next(Bool.self))
    }
}

/// A session with its user.
struct SessionRow: Sendable {
    let user: User
    let session: Session
    let needsNewToken: Bool
    /// Whether the last activity is long enough ago to be written again.
    let isActivityStale: Bool
}

/// A user's sessions that have not ended.
struct SelectSessions: Statement {
    let user: UserID
    let idle: Duration

    static let name: StaticString = "select_sessions"
    static let sql: StaticString = """
        select id, user_id, created_at, last_active_at,
            least(ends_at, last_active_at + $2::integer * interval '1 second'), ends_at, address,
            user_agent
        from session
        where user_id = $1 and ends_at > now()
            and last_active_at > now() - $2::integer * interval '1 second'
        order by last_active_at desc, id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
        parameters.add(Int32(clamping: idle.components.seconds))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Session {
        try row.nextSession()
    }
}

/// Moves a session's idle end.
struct TouchSession: Statement {
    let id: SessionID

    static let name: StaticString = "touch_session"
    static let sql: StaticString = "update session set last_active_at = now() where id = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }
}

/// Begins a session with the user's present role.
struct InsertSession: Statement {
    let id: SessionID
    let draft: SessionDraft
    let absolute: Duration

    static let name: StaticString = "insert_session"
    static let sql: StaticString = """
        insert into session (id, hash, user_id, role, ends_at, address, user_agent)
        select $1, $2, id, role, now() + $4::integer * interval '1 second', $5, $6
        from app_user where id = $3
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
        parameters.add(bytes: draft.tokenHash)
        parameters.add(uuid: draft.credentials.user.id.halves)
        parameters.add(Int32(clamping: absolute.components.seconds))
        parameters.add(Self.bounded(draft.origin.address, 100))
        parameters.add(Self.bounded(draft.userAgent, 200))
    }

    /// The beginning of a text of a client, without characters that move a terminal's cursor or
    /// that the database refuses.
    private static func bounded(_ text: String?, _ limit: Int) -> String? {
        text.map { text in
            String(
                String.UnicodeScalarView(
                    text.unicodeScalars.lazy
                        .filter { $0.properties.generalCategory != .control }.prefix(limit)))
        }
    }
}

/// Notes a sign-in, and puts a new hash in the place of an outdated one.
struct NoteSignIn: Statement {
    let user: UserID
    /// Nil leaves the hash.
    let newHash: String?

    static let name: StaticString = "note_sign_in"
    static let sql: StaticString = """
        update app_user set last_sign_in_at = now(), password_hash = coalesce($2, password_hash)
        where id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
        parameters.add(newHash)
    }
}

/// Ends a user's sessions beyond the fifty last used ones.
struct DeleteSurplusSessions: Statement {
    let user: UserID

    static let name: StaticString = "delete_surplus_sessions"
    static let sql: StaticString = """
        delete from session where id in (
            select id from session where user_id = $1
            order by last_active_at desc, id desc offset 50)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
    }
}

/// Gives a user's session another token, at once.
struct SetSessionToken: Statement {
    let token: TokenChange
    let user: UserID

    static let name: StaticString = "set_session_token"
    static let sql: StaticString = """
        update session set hash = $2, role = app_user.role, old_hash = null, old_until = null
        from app_user
        where session.id = $1 and user_id = $3 and app_user.id = user_id and ends_at > now()
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: token.session.halves)
        parameters.add(bytes: token.newHash)
        parameters.add(uuid: user.halves)
    }
}

/// Gives a session another token if its user's role has changed since; the old one is good for some
/// seconds more.
struct RenewSessionToken: Statement {
    let token: TokenChange

    static let name: StaticString = "renew_session_token"
    static let sql: StaticString = """
        update session set hash = $2, role = app_user.role, old_hash = hash,
            old_until = now() + interval '10 seconds'
        from app_user
        where session.id = $1 and app_user.id = user_id and session.role <> app_user.role
            and ends_at > now()
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: token.session.halves)
        parameters.add(bytes: token.newHash)
    }
}

/// Ends one session of a user.
struct DeleteSession: Statement {
    let id: SessionID
    let user: UserID

    static let name: StaticString = "delete_session"
    static let sql: StaticString = "delete from session where id = $1 and user_id = $2"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
        parameters.add(uuid: user.halves)
    }
}

/// Ends a user's sessions, all or all but one.
struct DeleteSessions: Statement {
    let user: UserID
    let kept: SessionID?

    static let name: StaticString = "delete_sessions"
    static let sql: StaticString = """
        delete from session where user_id = $1 and ($2::uuid is null or id <> $2)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: user.halves)
        parameters.add(uuid: kept?.halves)
    }
}

extension RowReader {
    /// The eight columns of a session.
    fileprivate mutating func nextSession() throws(PostgresError) -> Session {
        Session(
            id: try next(SessionID.self), user: try next(UserID.self),
            createdAt: try next(Timestamp.self), lastActiveAt: try next(Timestamp.self),
            idleEndsAt: try next(Timestamp.self), endsAt: try next(Timestamp.self),
            address: try next(String?.self), userAgent: try next(String?.self))
    }
}
