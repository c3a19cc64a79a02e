package import Domain
package import Postgres
package import Telemetry

/// The changes of statuses in the database, in their order.
package struct ChangeLog: ChangeReader {
    private let queries: Queries

    /// Each call takes a connection of the pool for three round trips.
    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    package func changes(
        after sequence: ChangeSequence, limit: Int
    ) throws(StoreFailure) -> ChangePage {
        try queries.run { connection throws(PostgresError) in
            guard let log = try connection.execute(SelectSettledChanges()).first,
                log.oldest != nil
            else { return ChangePage(changes: [], isComplete: true) }
            // A transaction of its own, which sees everything that was settled before.
            let changes =
                sequence.block <= log.settled
                ? try connection.execute(
                    SelectChanges(after: sequence, through: log.settled, limit: limit)
                ).rows : []
            // Only now: what is dropped before this look may be missing above.
            let oldest = try connection.execute(SelectSettledChanges()).first?.oldest ?? 0
            // A failover that lost commits may set the numbers back.
            let isComplete =
                sequence == .start
                || sequence.block + 1 >= oldest && sequence.block <= log.taken
            return ChangePage(changes: changes, isComplete: isComplete)
        }
    }

    package func latestChange() throws(StoreFailure) -> ChangeSequence {
        try queries.run { connection throws(PostgresError) in
            guard let settled = try connection.execute(SelectSettledChanges()).first?.settled else {
                return .start
            }
            return try connection.execute(SelectLatestChange(through: settled)).first ?? .start
        }
    }
}
