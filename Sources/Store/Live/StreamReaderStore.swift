package import Domain
package import Postgres
package import Telemetry

/// Looks at the keys and sessions of those who read streams; counts as no use of them.
package struct StreamReaderStore: StreamAdmission {
    private let queries: Queries
    private let policy: SessionPolicy

    /// - Parameters:
    ///   - pool: of streams alone.
    ///   - policy: how long sessions last.
    ///   - logger: gets failed queries.
    package init(_ pool: ConnectionPool, policy: SessionPolicy, logger: Logger) {
        queries = Queries(pool, logger)
        self.policy = policy
    }

    package func rights(
        of credentials: Set<StreamCredential>
    ) throws(StoreFailure) -> [StreamCredential: StreamRights] {
        var hashes: [[UInt8]] = []
        var sessions: [SessionID] = []
        for credential in credentials {
            switch credential {
            case .key(let hash): hashes.append(hash)
            case .session(let id): sessions.append(id)
            }
        }
        return try queries.run { connection throws(PostgresError) in
            let (keys, users) = try connection.execute(
                SelectReadingKeys(hashes: hashes),
                SelectReadingSessions(ids: sessions, idle: policy.idle))
            var rights: [StreamCredential: StreamRights] = [:]
            for key in keys.rows {
                rights[.key(hash: key.hash)] = StreamRights(role: nil, networks: key.networks)
            }
            for user in users.rows {
                rights[.session(user.session)] = StreamRights(role: user.role)
            }
            return rights
        }
    }
}

/// The secrets of keys that may read, and from where.
struct SelectReadingKeys: Statement {
    let hashes: [[UInt8]]

    static let name: StaticString = "select_reading_keys"
    static let sql: StaticString = """
        select secret.hash, array_to_string(addresses, ',')
        from api_key_secret as secret
        join api_key on api_key.id = secret.key_id
        where secret.hash = any($1::bytea[]) and revoked_at is null
            and (secret.expires_at is null or secret.expires_at > now())
            and (api_key.expires_at is null or api_key.expires_at > now())
            and 'read' = any(scopes)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addBytes(hashes) { $0 }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (hash: [UInt8], networks: [IPNetwork]) {
        (try row.next([UInt8].self), try row.nextNetworks())
    }
}

/// The sessions that have not ended, of users who are not disabled, with the users' present roles.
struct SelectReadingSessions: Statement {
    let ids: [SessionID]
    let idle: Duration

    static let name: StaticString = "select_reading_sessions"
    static let sql: StaticString = """
        select session.id, app_user.role
        from session
        join app_user on app_user.id = user_id
        where session.id = any($1::uuid[]) and ends_at > now()
            and last_active_at > now() - $2::integer * interval '1 second' and not is_disabled
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
        parameters.add(Int32(clamping: idle.components.seconds))
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (session: SessionID, role: Role?) {
        (try row.next(SessionID.self), Role(rawValue: try row.next(String.self)))
    }
}
