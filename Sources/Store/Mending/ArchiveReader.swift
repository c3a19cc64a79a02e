package import Domain
package import Postgres
package import Telemetry

/// Reads the archive in portions, and tells what the ledger and the quarantine have of it.
package struct ArchiveReader: Sendable {
    private let queries: Queries

    /// All of the ledger is read.
    private static let scanLimit = Duration.seconds(6 * 3600)

    /// Each call takes a connection of the pool for a round trip or two.
    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    /// Callbacks of a time span, the earliest first, with their parts that are in quarantine.
    ///
    /// - Parameters:
    ///   - span: when they came.
    ///   - provider: whose; nil for all.
    ///   - position: only those after it; nil from the span's beginning on.
    ///   - limit: how many at most; fewer if their bodies are large.
    /// - Returns: none only if there are no more in the span.
    /// - Throws: `StoreFailure` if the database does not answer.
    package func callbacks(
        in span: Range<Timestamp>, of provider: Provider?, after position: ArchivePosition?,
        limit: Int
    ) throws(StoreFailure) -> [KeptCallback] {
        try queries.run { connection throws(PostgresError) in
            let (_, found) = try connection.execute(
                PlanAnew(),
                SelectArchive(span: span, provider: provider, after: position, limit: limit))
            return try Self.kept(found.rows, connection)
        }
    }

    /// The archived ones of some callbacks, with their parts that are in quarantine.
    package func callbacks(_ ids: [CallbackID]) throws(StoreFailure) -> [KeptCallback] {
        let times = ids.map(\.madeAt)
        guard let first = times.min(), let last = times.max() else { return [] }
        return try queries.run { connection throws(PostgresError) in
            let (_, found) = try connection.execute(
                PlanAnew(),
                SelectArchivedCallbacks(ids: ids, span: first..<last.advanced(by: .milliseconds(1)))
            )
            return try Self.kept(found.rows, connection)
        }
    }

    /// Those of some reports that are in the ledger.
    package func known(_ reports: [Report]) throws(StoreFailure) -> Set<ReportKey> {
        try queries.run { connection throws(PostgresError) in
            Set(try connection.execute(PlanAnew(), SelectKnownReports(reports: reports)).1.rows)
        }
    }

    /// Those of some callbacks that reports in the ledger name. Reads all of the ledger.
    package func inLedger(_ ids: [CallbackID]) throws(StoreFailure) -> Set<CallbackID> {
        guard !ids.isEmpty else { return [] }
        return try queries.run { connection throws(PostgresError) in
            let (_, found) = try connection.execute(
                LimitStatementTime(limit: Self.scanLimit), SelectLedgerCallbacks(callbacks: ids),
                within: Self.scanLimit)
            return Set(found.rows)
        }
    }

    private static func kept(
        _ callbacks: [ReceivedCallback], _ connection: Connection
    ) throws(PostgresError) -> [KeptCallback] {
        guard !callbacks.isEmpty else { return [] }
        let parts = Dictionary(
            grouping: try connection.execute(
                SelectPartsOfCallbacks(callbacks: callbacks.map(\.id))
            ).rows, by: \.callback)
        return callbacks.map { callback in
            KeptCallback(
                callback: callback, credentials: nil, isAuthenticated: true, isArchived: true,
                parts: (parts[callback.id] ?? []).map(\.part))
        }
    }
}

/// A place in the archive.
package struct ArchivePosition: Sendable, Equatable {
    package let receivedAt: Timestamp
    package let id: CallbackID

    /// That of a callback.
    package init(of callback: ReceivedCallback) {
        receivedAt = callback.receivedAt
        id = callback.id
    }
}

extension Identifier {
    /// The millisecond in which an identifier of version 7 was made.
    fileprivate var madeAt: Timestamp { Timestamp(microseconds: Int64(high >> 16) * 1000) }
}
