import Domain
import Postgres
import Telemetry

/// Runs statements on a pool; its errors become what the domain knows.
struct Queries: Sendable {
    private let pool: ConnectionPool
    private let logger: Logger
    /// Whether the statements write what somebody is promised.
    private let areCommits: Bool

    /// A session that waits for a standby and began so long ago keeps others from joining it.
    private static let longWait: Duration = .seconds(1)

    /// - Parameters:
    ///   - pool: where to run.
    ///   - logger: told of failed queries.
    ///   - areCommits: true lets nothing begin, after a commit whose outcome nobody knows, while
    ///     such commits wait for a synchronous standby: each would leave another session behind.
    init(_ pool: ConnectionPool, _ logger: Logger, areCommits: Bool = false) {
        self.pool = pool
        self.logger = logger
        self.areCommits = areCommits
    }

    /// Runs a body that may be run again, should its connection turn out to be stale.
    ///
    /// - Parameters:
    ///   - tellsAway: whether a failure has to be sure that the database is away, which takes up to
    ///     a second more where a connection got no answer.
    ///   - body: gets a connection.
    /// - Returns: what the body returned.
    /// - Throws: `StoreFailure`.
    @discardableResult
    func run<Value: Sendable>(
        tellsAway: Bool = false, _ body: (Connection) throws(PostgresError) -> Value
    ) throws(StoreFailure) -> Value {
        var wasConnected = false
        do throws(PostgresError) {
            return try pool.withConnection(isIdempotent: true) {
                connection throws(PostgresError) in
                wasConnected = true
                if areCommits { try settleDoubt(connection) }
                return try body(connection)
            }
        } catch {
            logger.log(
                .error, "query failed", limitKey: "\(error.code)",
                ["error": "\(error.description)"])
            throw StoreFailure(
                error.isTransient ? .unavailable : .failed, error.description,
                isAway: tellsAway && isAway(error, wasConnected))
        }
    }

    /// Whether no server answers: one connection without an answer says so only of itself.
    private func isAway(_ error: PostgresError, _ wasConnected: Bool) -> Bool {
        guard error.isServerAway, wasConnected else { return error.isServerAway }
        return pool.connectFailure(within: .seconds(1))?.isServerAway ?? false
    }

    /// A commit's outcome is unknown, though `run` was not told so by an error.
    func noteCommitDoubt() { pool.hasCommitDoubt = true }

    private func settleDoubt(_ connection: Connection) throws(PostgresError) {
        guard pool.hasCommitDoubt else { return }
        let question = SelectHeldSessions(longerThan: Self.longWait, abandoned: [])
        if let held = try connection.execute(question).first, held.waitForStandby > 0 {
            throw .notBegun("commits wait for a synchronous standby that does not confirm them")
        }
        pool.hasCommitDoubt = false
    }
}

extension PostgresError {
    /// Whether there is no server to ask: nobody answers, or only to say that it starts or stops.
    fileprivate var isServerAway: Bool {
        switch code {
        // A statement or a lock that took too long is the server's own word, with its SQLSTATE.
        case .connection, .timeout: sqlState == nil || sqlState?.errorClass == "08"
        case .unavailable:
            sqlState.map { ["57P01", "57P02", "57P03"].contains($0.description) } ?? true
        default: false
        }
    }
}
