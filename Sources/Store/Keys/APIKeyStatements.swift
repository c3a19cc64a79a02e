import Domain
import Postgres

/// The valid key with a secret of this hash.
struct SelectAPIKey: Statement {
    let hash: [UInt8]

    static let name: StaticString = "select_api_key"
    static let sql: StaticString = """
        select api_key.id, name, array_to_string(scopes, ','), api_key.created_at,
            api_key.last_used_at, revoked_at, api_key.expires_at, array_to_string(addresses, ','),
            maker_kind, maker_id, maker_name, secret.created_at, secret.expires_at,
            secret.last_used_at,
            (coalesce(api_key.last_used_at < now() - interval '1 minute', true)
                or coalesce(secret.last_used_at < now() - interval '1 minute', true))
                and coalesce(api_key.expires_at > now(), true)
        from api_key_secret as secret
        join api_key on api_key.id = key_id
        where hash = $1 and revoked_at is null
            and (secret.expires_at is null or secret.expires_at > now())
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: hash)
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (key: APIKey, isUseStale: Bool) {
        let found = try KeySecretRow(&row)
        return (
            found.key(secrets: [found.secret].compactMap { $0 }), try row.next(Bool.self)
        )
    }
}

/// The key of a secret that is no longer valid.
struct SelectEndedKey: Statement {
    let hash: [UInt8]

    static let name: StaticString = "select_ended_key"
    static let sql: StaticString = """
        select api_key.id, name, array_to_string(scopes, ','), api_key.created_at,
            api_key.last_used_at, revoked_at, api_key.expires_at, array_to_string(addresses, ','),
            maker_kind, maker_id, maker_name, secret.created_at, secret.expires_at,
            secret.last_used_at
        from api_key_secret as secret
        join api_key on api_key.id = key_id
        where hash = $1 and (revoked_at is not null or secret.expires_at <= now())
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: hash)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> APIKey {
        let found = try KeySecretRow(&row)
        return found.key(secrets: [found.secret].compactMap { $0 })
    }
}

/// Records that a key was used with the secret of this hash. The key's row is locked first, as in a
/// rotation.
struct TouchAPIKey: Statement {
    let hash: [UInt8]

    static let name: StaticString = "touch_api_key"
    static let sql: StaticString = """
        with used as (
            update api_key set last_used_at = now()
            from api_key_secret where hash = $1 and api_key.id = key_id
            returning api_key.id
        )
        update api_key_secret set last_used_at = now() from used where hash = $1 and key_id = used.id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: hash)
    }
}

/// Adds a key with its first secret, unless a valid one has its name, or there are too many.
struct InsertAPIKey: Statement {
    let id: APIKeyID
    let hash: [UInt8]
    let draft: APIKeyDraft
    let maker: Principal

    static let name: StaticString = "insert_api_key"
    static let sql: StaticString = """
        with added as (
            insert into api_key (
                id, name, scopes, expires_at, addresses, maker_kind, maker_id, maker_name)
            select $1, $3, string_to_array($4, ','), $5, nullif($6::text[], '{}')::cidr[],
                $7, $8, $9
            where (select count(*) from api_key where revoked_at is null) < $10
            on conflict (name) where revoked_at is null do nothing
            returning id, name, scopes, created_at, last_used_at, revoked_at, expires_at,
                addresses, maker_kind, maker_id, maker_name
        ),
        secret as (
            insert into api_key_secret (hash, key_id) select $2, id from added
            returning created_at, expires_at, last_used_at
        )
        select id, name, array_to_string(scopes, ','), added.created_at, added.last_used_at,
            revoked_at, added.expires_at, array_to_string(addresses, ','), maker_kind, maker_id,
            maker_name, secret.created_at, secret.expires_at, secret.last_used_at
        from added, secret
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
        parameters.add(bytes: hash)
        parameters.add(draft.name)
        parameters.add(draft.scopes.sorted().map(\.rawValue).joined(separator: ","))
        parameters.add(timestamp: draft.expiresAt?.microseconds)
        parameters.addTexts(draft.networks) { $0.description }
        parameters.add(maker.id.kind.rawValue)
        parameters.add(uuid: maker.id.uuid.halves)
        parameters.add(String(maker.name.prefix(100)))
        parameters.add(Int64(keyLimit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> KeySecretRow {
        try KeySecretRow(&row)
    }
}

/// Whether a valid key has a name.
struct SelectKeyName: Statement {
    let name: String

    static let name: StaticString = "select_key_name"
    static let sql: StaticString = """
        select exists (select from api_key where name = $1 and revoked_at is null)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(name)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Bool {
        try row.next(Bool.self)
    }
}

/// The valid key of a name, locked until the end of the transaction: the next rotation must see the
/// secret that this transaction adds.
struct LockAPIKey: Statement {
    let name: String

    static let name: StaticString = "lock_api_key"
    static let sql: StaticString = """
        select id from api_key where name = $1 and revoked_at is null for update
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(name)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> APIKeyID {
        try row.next(APIKeyID.self)
    }
}

/// Gives a key a new secret and sets the end of the others; an earlier end stays.
struct ReplaceSecret: Statement {
    let key: APIKeyID
    let hash: [UInt8]
    /// How long the other secrets stay valid.
    let overlapSeconds: Int32

    static let name: StaticString = "replace_secret"
    static let sql: StaticString = """
        with ended as (
            update api_key_secret set expires_at = now() + $3::integer * interval '1 second'
            where key_id = $1
                and (expires_at is null or expires_at > now() + $3::integer * interval '1 second')
        )
        insert into api_key_secret (hash, key_id) values ($2, $1)
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: key.halves)
        parameters.add(bytes: hash)
        parameters.add(overlapSeconds)
    }
}

/// All keys with their valid secrets: a row a secret, or one for a key without any.
struct SelectAPIKeys: Statement {
    static let name: StaticString = "select_api_keys"
    static let sql: StaticString = """
        select api_key.id, name, array_to_string(scopes, ','), api_key.created_at,
            api_key.last_used_at, revoked_at, api_key.expires_at, array_to_string(addresses, ','),
            maker_kind, maker_id, maker_name, secret.created_at, secret.expires_at,
            secret.last_used_at
        from api_key
        left join api_key_secret as secret
            on key_id = api_key.id and (secret.expires_at is null or secret.expires_at > now())
        where api_key.id in (
            select id from api_key order by revoked_at desc nulls first, id limit $1)
        order by api_key.created_at, name, api_key.id, secret.created_at desc, hash
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(Int64(keyListLimit))
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> KeySecretRow {
        try KeySecretRow(&row)
    }
}

/// Makes the valid key of a name invalid, with all of its secrets.
struct RevokeAPIKey: Statement {
    let name: String

    static let name: StaticString = "revoke_api_key"
    static let sql: StaticString = """
        update api_key set revoked_at = now() where name = $1 and revoked_at is null returning id
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(name)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> APIKeyID {
        try row.next(APIKeyID.self)
    }
}

/// Makes the valid key of an id invalid, with all of its secrets.
struct RevokeAPIKeyByID: Statement {
    let id: APIKeyID

    static let name: StaticString = "revoke_api_key_by_id"
    static let sql: StaticString = """
        update api_key set revoked_at = now() where id = $1 and revoked_at is null returning name
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(uuid: id.halves)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String {
        try row.next(String.self)
    }
}

/// A key with one of its secrets, if there is one.
struct KeySecretRow {
    let id: APIKeyID
    private let name: String
    private let scopes: Set<Scope>
    private let createdAt: Timestamp
    private let lastUsedAt: Timestamp?
    private let revokedAt: Timestamp?
    private let expiresAt: Timestamp?
    private let networks: [IPNetwork]
    private let maker: Submitter?
    let secret: APIKey.IssuedSecret?

    init(_ row: inout RowReader) throws(PostgresError) {
        id = try row.next(APIKeyID.self)
        name = try row.next(String.self)
        scopes = Set(
            try row.next(String.self).split(separator: ",").compactMap {
                Scope(rawValue: String($0))
            })
        createdAt = try row.next(Timestamp.self)
        lastUsedAt = try row.next(Timestamp?.self)
        revokedAt = try row.next(Timestamp?.self)
        expiresAt = try row.next(Timestamp?.self)
        networks = try row.nextNetworks()
        maker = try row.nextPrincipal()
        let secretCreatedAt = try row.next(Timestamp?.self)
        let secretExpiresAt = try row.next(Timestamp?.self)
        let secretUsedAt = try row.next(Timestamp?.self)
        secret = secretCreatedAt.map {
            APIKey.IssuedSecret(
                createdAt: $0, expiresAt: secretExpiresAt, lastUsedAt: secretUsedAt)
        }
    }

    func key(secrets: [APIKey.IssuedSecret]) -> APIKey {
        APIKey(
            id: id, name: name, scopes: scopes, createdAt: createdAt, lastUsedAt: lastUsedAt,
            revokedAt: revokedAt, expiresAt: expiresAt, networks: networks, maker: maker,
            secrets: secrets)
    }
}
