package import Domain
package import Postgres
import Synchronization
package import Telemetry

/// Users, their credentials and their sessions, in the database. Any thread.
///
/// Every change and its audit entries are one transaction.
package final class PeopleStore: Sendable {
    let queries: Queries
    private let commits: Queries
    let policy: SessionPolicy
    private let logger: Logger
    /// Sign-ins that are refused and kept in the audit: the addresses that are tried are the client's.
    let refusals = RefusalBudget(perHour: 2000)
    /// Until when no activity is recorded, because the last attempt failed.
    private let noNotesUntil = Mutex<ContinuousClock.Instant?>(nil)

    /// The longest time that recording activity may cost a caller.
    private static let noteTime: Duration = .seconds(1)
    private static let pauseAfterFailure: Duration = .seconds(60)

    package init(_ pool: ConnectionPool, policy: SessionPolicy = SessionPolicy(), logger: Logger) {
        queries = Queries(pool, logger)
        commits = Queries(pool, logger, areCommits: true)
        self.policy = policy
        self.logger = logger
    }

    /// Runs a change and its audit entries in one transaction; what it throws undoes it.
    func commit<Value: Sendable>(
        _ body: (Connection) throws(PostgresError) -> Value
    ) throws(StoreFailure) -> Value {
        try commits.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in try body(connection) }
        }
    }

    func signedIn(_ row: SessionRow) -> SignedIn {
        SignedIn(
            user: row.user, session: row.session,
            mustSetUpTOTP: policy.totpRoles.contains(row.user.role) && !row.user.hasTOTP,
            needsNewToken: row.needsNewToken)
    }
}

extension PeopleStore: SessionStore {
    package func session(
        tokenHash: [UInt8], isActivity: Bool
    ) throws(StoreFailure) -> SignedIn? {
        try queries.run(tellsAway: true) { connection throws(PostgresError) in
            let found = try connection.execute(
                SelectSession(hash: tokenHash, idle: policy.idle)
            ).first
            // A write a minute, not one a request.
            if let found, found.isActivityStale, isActivity {
                noteActivity(of: found.session.id, connection)
            }
            return found.map(signedIn)
        }
    }

    /// Records activity. A user gets an answer even if that fails, as on a database that only
    /// reads.
    private func noteActivity(of id: SessionID, _ connection: Connection) {
        let isPaused = noNotesUntil.withLock { end in end.map { .now < $0 } ?? false }
        guard !isPaused else { return }
        do throws(PostgresError) {
            _ = try connection.execute(
                CommitLazily(), TouchSession(id: id), within: Self.noteTime)
        } catch {
            // A failed write costs the pool its connections, so it must not happen for each
            // request.
            noNotesUntil.withLock { $0 = .now + Self.pauseAfterFailure }
            logger.log(
                .debug, "the activity of a session could not be noted",
                ["error": "\(error.description)"])
        }
    }

    package func sessions(of user: UserID) throws(StoreFailure) -> [Session] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectSessions(user: user, idle: policy.idle)).rows
        }
    }

    package func end(
        _ id: SessionID, of user: UserID, by requester: Requester
    ) throws(StoreFailure) -> Bool {
        try commit { connection throws(PostgresError) in
            let ended = try connection.execute(DeleteSession(id: id, user: user))
            guard ended.affectedCount == 1 else { return false }
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(
                        .signOut, of: id, by: requester, at: .now, detail: ["user": "\(user)"])))
            return true
        }
    }

    package func endAll(
        of user: UserID, except kept: SessionID?, by requester: Requester
    ) throws(StoreFailure) -> Int {
        try commit { connection throws(PostgresError) in
            let count = try connection.execute(DeleteSessions(user: user, kept: kept)).affectedCount
            guard count > 0 else { return 0 }
            try connection.execute(
                InsertAuditEntry(
                    entry: AuditEntry(
                        .endSessions, of: user, by: requester, at: .now,
                        detail: ["sessions": "\(count)"])))
            return count
        }
    }
}
