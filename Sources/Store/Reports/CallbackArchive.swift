package import Domain
package import Postgres
package import Telemetry

/// Reads callbacks back from the archive, so that they can be parsed again.
///
/// For the role that owns the tables: no service may read what it has archived.
package struct CallbackArchive: Sendable {
    private let queries: Queries

    /// Each call takes a connection of the pool for one round trip.
    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    /// A callback as it came.
    ///
    /// - Parameters:
    ///   - id: as reports and the quarantine have it.
    ///   - receivedAt: the callback's own, as the quarantine has it: it names the partition, which is
    ///     then read from its beginning, since it has no index.
    /// - Returns: nil if the archive has no such callback any more.
    /// - Throws: when the database does not answer.
    package func callback(
        _ id: CallbackID, receivedAt: Timestamp
    ) throws(StoreFailure) -> ReceivedCallback? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectCallback(id: id, receivedAt: receivedAt)).first
        }
    }
}
