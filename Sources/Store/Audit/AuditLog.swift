package import Domain
package import Postgres
package import Telemetry

/// The audit in the database. Any thread.
package struct AuditLog: AuditReader, AuditWriter {
    private let queries: Queries
    private let commits: Queries

    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
        commits = Queries(pool, logger, areCommits: true)
    }

    package func entries(
        _ filter: AuditFilter, after position: AuditPosition?, limit: Int
    ) throws(StoreFailure) -> [AuditRecord] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), SelectAudit(filter: filter, position: position, limit: limit)
            ).1.rows
        }
    }

    /// Does not wait for the disk: of a refusal, nothing else is lost with it.
    package func write(_ entry: AuditEntry) throws(StoreFailure) {
        try commits.run { connection throws(PostgresError) in
            _ = try connection.execute(CommitLazily(), InsertAuditEntry(entry: entry))
        }
    }
}
