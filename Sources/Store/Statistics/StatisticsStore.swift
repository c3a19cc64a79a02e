package import Domain
package import Postgres
package import Telemetry

/// Reads the counts that the writers keep.
package struct StatisticsStore: StatisticsReader {
    private let queries: Queries

    package init(_ pool: ConnectionPool, logger: Logger) {
        queries = Queries(pool, logger)
    }

    package func statistics(
        _ query: StatisticsQuery
    ) throws(StoreFailure) -> MessageStatistics {
        let dimension = SelectStatistics.Dimension(query.dimension)
        let (rows, names) = try queries.run { connection throws(PostgresError) in
            let rows = try connection.execute(
                SelectStatistics(dimension, from: query.from, to: query.to, in: query.bucket)
            ).rows
            return (rows, try GroupNames(of: rows, dimension, connection))
        }
        let counts = rows.lazy.compactMap { row in
            row.status.map { status in
                (
                    start: row.since,
                    group: query.dimension == .status ? .status(status) : names.group(row.value),
                    figures: MessageFigures(row, status)
                )
            }
        }
        return MessageStatistics(query, counts: counts)
    }

    package func errors(_ query: ErrorQuery) throws(StoreFailure) -> [ErrorCount] {
        let (rows, outcomes) = try queries.run { connection throws(PostgresError) in
            let rows = try connection.execute(
                SelectStatistics(.error, from: query.from, to: query.to, in: .day)
            ).rows
            return (rows, try Self.outcomes(of: rows, connection))
        }
        return ErrorCount.all(of: rows, outcomes, query)
    }

    fileprivate static func outcomes(
        of rows: [SelectStatistics.Row], _ connection: Connection
    ) throws(PostgresError) -> [String: Outcome] {
        let ids = Set(rows.compactMap { Int64($0.value) }).sorted()
        guard !ids.isEmpty else { return [:] }
        let found = try connection.execute(SelectOutcomes(ids: ids)).rows
        return Dictionary(found.map { (String($0.id), $0.outcome) }) { first, _ in first }
    }
}

extension SelectStatistics.Dimension {
    init(_ dimension: StatisticsDimension?) {
        self =
            switch dimension {
            case nil, .status: .all
            case .provider: .provider
            case .error: .error
            case .country: .country
            case .sender: .sender
            case .submittedBy: .submitter
            }
    }
}

extension MessageFigures {
    init(_ row: SelectStatistics.Row, _ status: Status) {
        self.init()
        add(
            row.messages, status, segments: row.segments, price: row.price,
            currency: row.currency, delays: row.delays)
    }
}

/// What the values of a dimension stand for.
private struct GroupNames {
    private let groups: [String: StatisticsGroup]

    init(
        of rows: [SelectStatistics.Row], _ dimension: SelectStatistics.Dimension,
        _ connection: Connection
    ) throws(PostgresError) {
        let values = Set(rows.map(\.value))
        func named(_ name: (String) -> StatisticsGroup) -> [String: StatisticsGroup] {
            Dictionary(uniqueKeysWithValues: values.map { ($0, name($0)) })
        }
        switch dimension {
        case .all: groups = [:]
        case .provider:
            groups = named { .provider(KnownProviders.provider(code: Int16($0) ?? 0)) }
        case .country: groups = named { .country($0.isEmpty ? nil : $0) }
        case .sender: groups = named { .sender($0.isEmpty ? nil : $0) }
        case .error:
            let outcomes = try StatisticsStore.outcomes(of: rows, connection)
            groups = named { value in
                outcomes[value].map {
                    .error($0.provider, code: $0.errorCode, name: $0.errorName)
                } ?? .noReport
            }
        case .submitter:
            let ids = values.compactMap { Identifier<Principal>($0) }.sorted()
            let found = try connection.execute(SelectSubmitters(ids: ids)).rows
            let known = Dictionary(
                found.map { ($0.id.description, (kind: $0.kind, name: $0.name)) }
            ) { first, _ in first }
            groups = named { value in
                .submitter(
                    value.isEmpty ? nil : value, kind: known[value]?.kind,
                    name: known[value]?.name)
            }
        }
    }

    func group(_ value: String) -> StatisticsGroup { groups[value] ?? .rest }
}

extension ErrorCount {
    /// Adds up rows by the provider's words for an error and the status it came with.
    fileprivate static func all(
        of rows: [SelectStatistics.Row], _ outcomes: [String: Outcome], _ query: ErrorQuery
    ) -> [ErrorCount] {
        struct Sums {
            var statuses: [Status: Int64] = [:]
            var countries: [String: Int64] = [:]
        }
        var sums: [String: Sums] = [:]
        for row in rows {
            guard let status = row.status, query.statuses.contains(status) else { continue }
            if let country = query.country, country.description != row.country { continue }
            if let provider = query.provider, outcomes[row.value]?.provider != provider { continue }
            sums[row.value, default: Sums()].statuses[status, default: 0] += row.messages
            sums[row.value, default: Sums()].countries[row.country, default: 0] += row.messages
        }
        let counts = sums.map { value, sum in
            ErrorCount(
                outcome: outcomes[value], messages: sum.statuses.values.reduce(0, +),
                statuses: sum.statuses.filter { $0.value != 0 },
                countries: sum.countries.filter { $0.value != 0 }
                    .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                    .map { ($0.key.isEmpty ? nil : $0.key, $0.value) })
        }
        return Array(
            counts.filter { $0.messages > 0 }.sorted {
                ($1.messages, $0.outcome?.id ?? 0) < ($0.messages, $1.outcome?.id ?? 0)
            }.prefix(query.limit))
    }
}
