package import Domain
package import Postgres
package import Telemetry

/// The opt-outs in the database.
package struct OptOutStore: OptOutList {
    private let queries: Queries
    private let commits: Queries

    /// How many portions a page reads before it ends short.
    private static let mostPortions = 5

    /// Each call takes a connection of the pool for a few round trips.
    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
        commits = Queries(pool, logger, areCommits: true)
    }

    package func page(
        of filter: OptOutFilter, before position: OptOutPosition?, limit: Int
    ) throws(StoreFailure) -> (entries: [OptOutEntry], next: OptOutPosition?) {
        try queries.run {
            connection throws(PostgresError) -> (entries: [OptOutEntry], next: OptOutPosition?) in
            var found: [OptOutEntry] = []
            var position = position
            for _ in 0..<Self.mostPortions {
                let (_, portion) = try connection.execute(
                    PlanAnew(), SelectOptOuts(filter: filter, before: position, limit: limit))
                let holding = try Self.holding(portion.rows, on: connection)
                for entry in portion.rows {
                    position = OptOutPosition(of: entry)
                    if holding.contains(entry.id) { found.append(entry) }
                    if found.count == limit { return (found, position) }
                }
                if portion.rows.count < limit { return (found, nil) }
            }
            return (found, position)
        }
    }

    /// Those of some entries that hold.
    private static func holding(
        _ entries: [OptOutEntry], on connection: Connection
    ) throws(PostgresError) -> Set<OptOutID> {
        let numbers = Set(entries.map(\.recipient))
        let all = try connection.execute(SelectOptOutsOf(numbers: numbers.sorted())).rows
        let byNumber = Dictionary(grouping: all, by: \.recipient)
        return Set(byNumber.values.flatMap { OptOutStanding.holding($0).map(\.id) })
    }

    package func history(
        of number: String, limit: Int
    ) throws(StoreFailure) -> [OptOutEntry] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectOptOutHistory(number: number, limit: limit)).rows
        }
    }

    package func deciding(of number: String) throws(StoreFailure) -> [OptOutEntry] {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectOptOutsOf(numbers: [number])).rows
        }
    }

    package func entry(_ id: OptOutID) throws(StoreFailure) -> OptOutEntry? {
        try queries.run { connection throws(PostgresError) in
            try connection.execute(SelectOneOptOut(id: id)).first
        }
    }

    package func add(
        _ entries: [OptOutEntry], _ act: AuditEntry.Action, by requester: Requester
    ) throws(StoreFailure) {
        guard let first = entries.first else { return }
        var detail = ["numbers": "\(entries.count)"]
        detail["from"] = first.sender
        let entry = AuditEntry(act, of: first.id, by: requester, at: .now, detail: detail)
        try commits.run { connection throws(PostgresError) in
            _ = try connection.execute(
                WaitForStandby(),
                RecordOptOuts(entries: entries.sorted { $0.id < $1.id }),
                InsertAuditEntry(entry: entry))
        }
    }
}
