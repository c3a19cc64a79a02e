package import Domain
package import Postgres
import Synchronization
package import Telemetry

/// The keys to the API, in the database. Any thread.
package final class APIKeys: APIKeyStore {
    private let queries: Queries
    private let commits: Queries
    private let logger: Logger
    /// Until when no use is recorded, because the last attempt failed.
    private let noNotesUntil = Mutex<ContinuousClock.Instant?>(nil)

    /// The longest time that recording a use may cost a caller.
    private static let noteTime: Duration = .seconds(1)
    private static let pauseAfterFailure: Duration = .seconds(60)

    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
        commits = Queries(pool, logger, areCommits: true)
        self.logger = logger
    }

    package func key(hash: [UInt8]) throws(StoreFailure) -> APIKey? {
        try queries.run(tellsAway: true) { connection throws(PostgresError) in
            let found = try connection.execute(SelectAPIKey(hash: hash)).first
            // A write a minute, not one a request.
            if let found, found.isUseStale { noteUse(of: hash, connection) }
            return found?.key
        }
    }

    /// Records that a key was used. A caller with a valid key gets an answer even if recording
    /// fails, as on a database that only reads.
    private func noteUse(of hash: [UInt8], _ connection: Connection) {
        let isPaused = noNotesUntil.withLock { end in end.map { .now < $0 } ?? false }
        guard !isPaused else { return }
        do throws(PostgresError) {
            _ = try connection.execute(
                CommitLazily(), TouchAPIKey(hash: hash), within: Self.noteTime)
        } catch {
            // A failed write costs the pool its connections, so it must not happen for each
            // request.
            noNotesUntil.withLock { $0 = .now + Self.pauseAfterFailure }
            logger.log(
                .debug, "the use of a key could not be noted", ["error": "\(error.description)"])
        }
    }

    /// Adds a key; nil scopes are not allowed.
    ///
    /// Returns false if a valid key of this name exists.
    package func create(
        name: String, scopes: Set<APIKey.Scope>, hash: [UInt8]
    ) throws(StoreFailure) -> Bool {
        try commits.run { connection throws(PostgresError) in
            try connection.execute(InsertAPIKey(hash: hash, name: name, scopes: scopes))
                .affectedCount == 1
        }
    }

    /// All keys, revoked ones too, in the order of creation.
    package func list() throws(StoreFailure) -> [APIKey] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectAPIKeys()).rows
        }
    }

    /// Makes the valid key of this name invalid; false if there is none.
    package func revoke(name: String) throws(StoreFailure) -> Bool {
        try commits.run { connection throws(PostgresError) in
            try connection.execute(RevokeAPIKey(name: name)).affectedCount > 0
        }
    }
}
