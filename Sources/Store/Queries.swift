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
    @discardableResult
    func run<Value: Sendable>(
        _ body: (Connection) throws(PostgresError) -> Value
    ) throws(StoreFailure) -> Value {
        do throws(PostgresError) {
            return try pool.withConnection(isIdempotent: true, body)
        } catch {
            logger.log(
                .error, "query failed", limitKey: "\(error.code)",
                ["error": "\(error.description)"])
            throw StoreFailure(error.isTransient ? .unavailable : .failed, error.description)
        }
    }
}
