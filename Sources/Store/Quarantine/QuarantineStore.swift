package import Domain
package import Postgres
package import Telemetry

/// The quarantine in the database.
package struct QuarantineStore: Quarantine {
    private let queries: Queries
    private let commits: Queries

    /// The most that are counted.
    private static let countBound = 10_000

    /// Each call takes a connection of the pool for a few round trips.
    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
        commits = Queries(pool, logger, areCommits: true)
    }

    package func page(
        of filter: QuarantineFilter, before id: Int64?, limit: Int
    ) throws(StoreFailure) -> [QuarantinedPart] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), SelectQuarantine(filter: filter, before: id, limit: limit)
            ).1.rows
        }
    }

    package func count(of filter: QuarantineFilter) throws(StoreFailure) -> BoundedCount {
        let found = try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), CountQuarantine(filter: filter, limit: Self.countBound + 1)
            ).1.first ?? 0
        }
        return BoundedCount(found: found, bound: Self.countBound)
    }

    package func part(
        _ id: Int64
    ) throws(StoreFailure) -> (part: QuarantinedPart, excerpt: [UInt8])? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectQuarantinedPart(id: id)).first
        }
    }

    package func delete(_ id: Int64, by requester: Requester) throws(StoreFailure) -> Bool {
        try commits.run { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                guard let row = try connection.execute(DeleteQuarantined(id: id)).first else {
                    return false
                }
                let entry = AuditEntry(
                    .deleteQuarantined, of: id, by: requester, at: .now,
                    detail: [
                        "provider": row.provider.name, "reason": row.reason,
                        "callback_id": row.callback.description,
                    ])
                try connection.execute(InsertAuditEntry(entry: entry))
                return true
            }
        }
    }

    package func callback(
        of id: Int64
    ) throws(StoreFailure) -> Result<KeptCallback, KeptCallbackFailure> {
        try queries.run {
            connection throws(PostgresError) -> Result<KeptCallback, KeptCallbackFailure> in
            guard let row = try connection.execute(SelectQuarantinedPart(id: id)).first?.part else {
                return .failure(.unknown)
            }
            let (parts, bodies) = try connection.execute(
                SelectCallbackParts(callback: row.callback),
                SelectQuarantinedBody(callback: row.callback))
            let archived =
                bodies.first == nil
                ? try connection.execute(
                    SelectCallback(id: row.callback, receivedAt: row.receivedAt)
                ).first : nil
            guard let callback = bodies.first ?? archived else {
                let isCut = parts.rows.contains { $0.describesCallback }
                return .failure(isCut ? .cut : .gone)
            }
            return .success(
                KeptCallback(
                    callback: callback,
                    credentials: parts.rows.lazy.compactMap(\.credentials).first
                        .flatMap { CallbackCredentials(text: $0) },
                    isAuthenticated: row.isAuthenticated, isArchived: archived != nil,
                    parts: parts.rows.map(\.part)))
        }
    }

    package func callbacks(
        of filter: QuarantineFilter, after id: Int64?, limit: Int
    ) throws(StoreFailure) -> [Int64] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(
                PlanAnew(), SelectQuarantinedCallbacks(filter: filter, after: id, limit: limit)
            ).1.rows
        }
    }
}
