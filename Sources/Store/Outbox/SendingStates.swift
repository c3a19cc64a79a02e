package import Domain
package import Postgres
package import Telemetry

/// Reads the state of sending: a millisecond, however many messages wait.
package struct SendingStates: SendingProbe {
    private let queries: Queries

    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    package func sendingStates() throws(StoreFailure) -> [SendingState] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), SelectSendingStates()
            ).1.rows
        }
    }
}
