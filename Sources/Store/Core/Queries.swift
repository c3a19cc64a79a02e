import Domain
import Postgres
import Telemetry

/// Runs statements on a pool; their errors become `StoreFailure`.
struct Queries: Sendable {
    private let pool: ConnectionPool
    private let logger: Logger
    /// Whether the statements write data that is promised to a caller.
    private let areCommits: Bool

    /// While a session has waited for a standby for this long, no other one is started.
    private static let longWait: Duration = .seconds(1)

    /// - Parameters:
    ///   - pool: where to run.
    ///   - logger: gets failed queries.
    ///   - areCommits: true lets nothing begin, after a commit with an unknown outcome, while such
    ///     commits wait for a synchronous standby: each would leave another waiting session.
    init(_ pool: ConnectionPool, _ logger: Logger, areCommits: Bool = false) {
        self.pool = pool
        self.logger = logger
        self.areCommits = areCommits
    }

    /// Runs a body that may be run again, should its connection turn out to be stale.
    ///
    /// - Parameters:
    ///   - tellsAway: whether a failure must be certain that the database is unreachable; checking
    ///     takes up to a second more if a connection got no answer.
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

    /// Whether no server answers; one connection without an answer does not prove that.
    private func isAway(_ error: PostgresError, _ wasConnected: Bool) -> Bool {
        guard error.isServerAway, wasConnected else { return error.isServerAway }
        return pool.connectFailure(within: .seconds(1))?.isServerAway ?? false
    }

    /// Records that a commit's outcome is unknown, though no error showed it to `run`.
    func noteCommitDoubt() { pool.hasCommitDoubt = true }

    private func settleDoubt(_ connection: Connection) throws(PostgresError) {
        guard pool.hasCommitDoubt else { return }
        let heldSessions = SelectHeldSessions(longerThan: Self.longWait, abandoned: [])
        if let held = try connection.execute(heldSessions).first, held.waitForStandby > 0 {
            throw .notBegun("commits wait for a synchronous standby that does not confirm them")
        }
        pool.hasCommitDoubt = false
    }
}

extension PostgresError {
    /// Whether there is no server to ask: none answers, or only that it is starting or stopping.
    fileprivate var isServerAway: Bool {
        switch code {
        // A statement or lock time-out comes from the server itself, with its SQLSTATE.
        case .connection, .timeout: sqlState == nil || sqlState?.errorClass == "08"
        case .unavailable:
            sqlState.map { ["57P01", "57P02", "57P03"].contains($0.description) } ?? true
        default: false
        }
    }
}
