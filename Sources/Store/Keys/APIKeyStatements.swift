import Domain
import Postgres

/// The valid key with a hash.
struct SelectAPIKey: Statement {
    let hash: [UInt8]

    static let name: StaticString = "select_api_key"
    static let sql: StaticString = """
        select name, array_to_string(scopes, ','), created_at, last_used_at, revoked_at,
            coalesce(last_used_at < now() - interval '1 minute', true)
        from api_key
        where hash = $1 and revoked_at is null
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: hash)
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (key: APIKey, isUseStale: Bool) {
        (try APIKey(&row), try row.next(Bool.self))
    }
}

/// Records that a key was used.
struct TouchAPIKey: Statement {
    let hash: [UInt8]

    static let name: StaticString = "touch_api_key"
    static let sql: StaticString = "update api_key set last_used_at = now() where hash = $1"

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: hash)
    }
}

/// Adds a key unless a valid one has its name.
struct InsertAPIKey: Statement {
    let hash: [UInt8]
    let name: String
    let scopes: Set<APIKey.Scope>

    static let name: StaticString = "insert_api_key"
    static let sql: StaticString = """
        insert into api_key (hash, name, scopes) values ($1, $2, string_to_array($3, ','))
        on conflict (name) where revoked_at is null do nothing
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(bytes: hash)
        parameters.add(name)
        parameters.add(scopes.sorted().map(\.rawValue).joined(separator: ","))
    }
}

/// All keys.
struct SelectAPIKeys: Statement {
    static let name: StaticString = "select_api_keys"
    static let sql: StaticString = """
        select name, array_to_string(scopes, ','), created_at, last_used_at, revoked_at
        from api_key
        order by created_at, name
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> APIKey {
        try APIKey(&row)
    }
}

/// Makes the valid key of a name invalid.
struct RevokeAPIKey: Statement {
    let name: String

    static let name: StaticString = "revoke_api_key"
    static let sql: StaticString = """
        update api_key set revoked_at = now() where name = $1 and revoked_at is null
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(name)
    }
}

extension APIKey {
    fileprivate init(_ row: inout RowReader) throws(PostgresError) {
        let name = try row.next(String.self)
        let scopes = try row.next(String.self).split(separator: ",").compactMap {
            Scope(rawValue: String($0))
        }
        self.init(
            name: name, scopes: Set(scopes), createdAt: try row.next(Timestamp.self),
            lastUsedAt: try row.next(Timestamp?.self), revokedAt: try row.next(Timestamp?.self))
    }
}
