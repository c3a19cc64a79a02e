package import Domain
package import Postgres
package import Telemetry

/// The keys to the API, in the database.
package struct APIKeys: APIKeyStore {
    private let queries: Queries

    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    package func key(hash: [UInt8]) throws(StoreFailure) -> APIKey? {
        try queries.run { connection throws(PostgresError) in
            let found = try connection.execute(SelectAPIKey(hash: hash)).first
            // A write a minute, not one a request.
            if let found, found.isUseStale { _ = try connection.execute(TouchAPIKey(hash: hash)) }
            return found?.key
        }
    }

    /// Adds a key; nil scopes are not allowed.
    ///
    /// Returns false if a valid key of this name exists.
    package func create(
        name: String, scopes: Set<APIKey.Scope>, hash: [UInt8]
    ) throws(StoreFailure) -> Bool {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(InsertAPIKey(hash: hash, name: name, scopes: scopes))
                .affectedCount == 1
        }
    }

    /// All keys, revoked ones too, in the order of their making.
    package func list() throws(StoreFailure) -> [APIKey] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectAPIKeys()).rows
        }
    }

    /// Makes the valid key of this name invalid; false if there is none.
    package func revoke(name: String) throws(StoreFailure) -> Bool {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(RevokeAPIKey(name: name)).affectedCount > 0
        }
    }
}
