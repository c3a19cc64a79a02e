package import Domain
package import Postgres
import Synchronization
package import Telemetry

/// The keys to the API, in the database. Any thread.
package final class APIKeys: APIKeyStore, APIKeyRegister {
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

    package func endedKey(hash: [UInt8]) throws(StoreFailure) -> APIKey? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectEndedKey(hash: hash)).first
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

    package func list() throws(StoreFailure) -> [APIKey] {
        let rows = try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectAPIKeys()).rows
        }
        // A key's secrets are consecutive rows.
        return rows.indices.filter { $0 == 0 || rows[$0 - 1].id != rows[$0].id }.map { start in
            let secrets = rows[start...].prefix { $0.id == rows[start].id }.compactMap(\.secret)
            return rows[start].key(secrets: secrets)
        }
    }
}

/// The changes of keys, each with its audit entry.
extension APIKeys {
    package func create(
        _ draft: APIKeyDraft, hash: [UInt8], by requester: Requester
    ) throws(StoreFailure) -> APIKeyCreation {
        let now = Timestamp.now
        let id = APIKeyID.new(at: now)
        let scopes = draft.scopes.sorted().map(\.rawValue)
        let entry = AuditEntry(
            .createKey, of: id, by: requester, at: now,
            detail: ["name": draft.name, "scopes": scopes.joined(separator: ",")],
            after: [
                "name": .text(draft.name), "scopes": .words(scopes),
                "expires_at": .time(draft.expiresAt),
                "addresses": .words(draft.networks.map(\.description)),
            ])
        return try commits.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                let insert = InsertAPIKey(
                    id: id, hash: hash, draft: draft, maker: requester.principal)
                guard let added = try connection.execute(insert).first else {
                    let isTaken = try connection.execute(SelectKeyName(name: draft.name)).first
                    return isTaken == true ? .nameTaken : .tooMany
                }
                try connection.execute(InsertAuditEntry(entry: entry))
                return .created(added.key(secrets: [added.secret].compactMap { $0 }))
            }
        }
    }

    /// Adds a key without an end, for all addresses.
    ///
    /// - Parameters:
    ///   - name: 1 to 100 characters.
    ///   - scopes: at least one.
    ///   - hash: the secret's SHA-256.
    ///   - requester: the principal that adds it.
    /// - Returns: false if a valid key of this name exists.
    /// - Throws: `StoreFailure`; then nothing was added, or the outcome is unknown.
    package func create(
        name: String, scopes: Set<Scope>, hash: [UInt8], by requester: Requester
    ) throws(StoreFailure) -> Bool {
        let draft = APIKeyDraft(name: name, scopes: scopes)
        guard case .created = try create(draft, hash: hash, by: requester) else { return false }
        return true
    }

    /// Gives the valid key of this name a new secret; its id, name and scopes stay.
    ///
    /// - Parameters:
    ///   - name: the key's.
    ///   - hash: the new secret's SHA-256.
    ///   - overlap: how long the earlier secrets stay valid, in whole seconds; none is prolonged.
    ///   - requester: the principal that rotates it.
    /// - Returns: false if there is no such key.
    /// - Throws: `StoreFailure`; then nothing was changed, or the outcome is unknown.
    package func rotate(
        name: String, hash: [UInt8], overlap: Duration, by requester: Requester
    ) throws(StoreFailure) -> Bool {
        let seconds = Int32(clamping: max(0, overlap.components.seconds))
        return try commit { connection throws(PostgresError) in
            guard let key = try connection.execute(LockAPIKey(name: name)).first else { return nil }
            try connection.execute(
                ReplaceSecret(key: key, hash: hash, overlapSeconds: seconds))
            return AuditEntry(
                .rotateKey, of: key, by: requester, at: .now,
                detail: ["name": name, "overlap_seconds": "\(seconds)"])
        }
    }

    /// Makes the valid key of this name invalid.
    ///
    /// - Parameters:
    ///   - name: the key's.
    ///   - requester: the principal that revokes it.
    /// - Returns: false if there is no such key.
    /// - Throws: `StoreFailure`; then nothing was changed, or the outcome is unknown.
    package func revoke(name: String, by requester: Requester) throws(StoreFailure) -> Bool {
        try commit { connection throws(PostgresError) in
            try connection.execute(RevokeAPIKey(name: name)).first.map { key in
                AuditEntry(
                    .revokeKey, of: key, by: requester, at: .now, detail: ["name": name],
                    before: ["revoked": false], after: ["revoked": true])
            }
        }
    }

    package func revoke(_ id: APIKeyID, by requester: Requester) throws(StoreFailure) -> Bool {
        try commit { connection throws(PostgresError) in
            try connection.execute(RevokeAPIKeyByID(id: id)).first.map { name in
                AuditEntry(
                    .revokeKey, of: id, by: requester, at: .now, detail: ["name": name],
                    before: ["revoked": false], after: ["revoked": true])
            }
        }
    }

    /// Runs an act and its audit entry in one transaction; false if the act changed nothing.
    private func commit(
        _ act: (Connection) throws(PostgresError) -> AuditEntry?
    ) throws(StoreFailure) -> Bool {
        try commits.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                guard let entry = try act(connection) else { return false }
                try connection.execute(InsertAuditEntry(entry: entry))
                return true
            }
        }
    }
}
