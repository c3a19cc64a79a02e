import Domain
import Postgres
import Telemetry

/// Runs the API's statements on the pool; its errors become what the domain knows.
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
    ///   - areCommits: true lets nothing begin, after a commit whose outcome nobody knows, while such
    ///     commits wait for a synchronous standby: each would leave another session behind.
    init(_ pool: ConnectionPool, _ logger: Logger, areCommits: Bool = false) {
        self.pool = pool
        self.logger = logger
        self.areCommits = areCommits
    }

    /// Runs a body that may be run again, should its connection turn out to be stale.
    @discardableResult
    func run<Value: Sendable>(
        _ body: (Connection) throws(PostgresError) -> Value
    ) throws(StoreFailure) -> Value {
        do throws(PostgresError) {
            return try pool.withConnection(isIdempotent: true) { connection throws(PostgresError) in
                if areCommits { try settleDoubt(connection) }
                return try body(connection)
            }
        } catch {
            logger.log(
                .error, "query failed", limitKey: "\(error.code)",
                ["error": "\(error.description)"])
            throw StoreFailure(error.isTransient ? .unavailable : .failed, error.description)
        }
    }

    private func settleDoubt(_ connection: Connection) throws(PostgresError) {
        guard pool.hasCommitDoubt else { return }
        let question = SelectHeldSessions(longerThan: Self.longWait, abandoned: [])
        if let held = try connection.execute(question).first, held.waitForStandby > 0 {
            throw .notBegun("commits wait for a synchronous standby that does not confirm them")
        }
        pool.hasCommitDoubt = false
    }
}
