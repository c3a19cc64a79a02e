import Domain
import Postgres
import Telemetry

/// Runs the API's reads on the pool; its errors become what the domain knows.
struct Queries: Sendable {
    private let pool: ConnectionPool
    private let logger: Logger

    init(_ pool: ConnectionPool, _ logger: Logger) {
        self.pool = pool
        self.logger = logger
    }

    /// Runs a body that may be run again, should its connection turn out to be stale.
    ///
    /// - Parameters:
    ///   - tellsAway: whether a failure has to be sure that the database is away, which takes up to a
    ///     second more where a connection got no answer.
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
                return try body(connection)
            }
        } catch {
            logger.log(.error, "query failed", ["error": "\(error.description)"])
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
