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
        let (rows, values) = try queries.run { connection throws(PostgresError) in
            let rows = try connection.execute(
                SelectStatistics(dimension, from: query.from, to: query.to, in: query.bucket)
            ).rows
            return (rows, try GroupedValues(of: rows, dimension, connection))
        }
        var sums = StatisticsSums(query, groups: values.groups)
        for (row, value) in zip(rows, values.numbers) {
            sums.add(
                at: row.since, group: value, row.statuses, segments: row.segments, price: row.price,
                currency: row.currency, delays: row.delays)
        }
        return MessageStatistics(sums)
    }

    package func errors(_ query: ErrorQuery) throws(StoreFailure) -> [ErrorCount] {
        let (rows, outcomes) = try queries.run { connection throws(PostgresError) in
            let rows = try connection.execute(
                SelectErrorCounts(
                    period: SelectStatistics(
                        .errorAndCountry, from: query.from, to: query.to, in: .day))
            ).rows
            return (rows, try Self.outcomes(of: Set(rows.map(\.outcome)), connection))
        }
        return ErrorCount.all(of: rows, outcomes, query)
    }

    fileprivate static func outcomes(
        of values: some Collection<String>, _ connection: Connection
    ) throws(PostgresError) -> [String: Outcome] {
        let ids = values.compactMap { Int64($0) }.sorted()
        guard !ids.isEmpty else { return [:] }
        let found = try connection.execute(SelectOutcomes(ids: ids)).rows
        return Dictionary(found.map { (String($0.id), $0.outcome) }) { first, _ in first }
    }
}

extension SelectStatistics.Dimension {
    init(_ dimension: StatisticsDimension?) {
        self =
            switch dimension {
            case nil: .all
            case .status: .status
            case .provider: .provider
            case .error: .error
            case .country: .country
            case .sender: .sender
            case .submittedBy: .submitter
            }
    }
}

/// The values of a dimension that occur, and what they stand for.
private struct GroupedValues {
    /// What each value stands for.
    let groups: [StatisticsGroup]
    /// The place of each row's value among them.
    let numbers: [Int]

    init(
        of rows: [SelectStatistics.Row], _ dimension: SelectStatistics.Dimension,
        _ connection: Connection
    ) throws(PostgresError) {
        var places: [String: Int] = [:]
        var values: [String] = []
        numbers = rows.map { row in
            if let place = places[row.value] { return place }
            places[row.value] = values.count
            values.append(row.value)
            return values.count - 1
        }
        groups = try Self.groups(values, dimension, connection)
    }

    private static func groups(
        _ values: [String], _ dimension: SelectStatistics.Dimension, _ connection: Connection
    ) throws(PostgresError) -> [StatisticsGroup] {
        switch dimension {
        case .all, .errorAndCountry: return values.map { _ in .rest }
        case .status:
            return values.map { Int16($0).flatMap(Status.init(code:)).map { .status($0) } ?? .rest }
        case .provider:
            return values.map { .provider(KnownProviders.provider(code: Int16($0) ?? 0)) }
        case .country: return values.map { .country($0.isEmpty ? nil : $0) }
        case .sender: return values.map { .sender($0.isEmpty ? nil : $0) }
        case .error:
            let outcomes = try StatisticsStore.outcomes(of: values, connection)
            return values.map { value in
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
            return values.map { value in
                .submitter(
                    value.isEmpty ? nil : value, kind: known[value]?.kind,
                    name: known[value]?.name)
            }
        }
    }
}

extension ErrorCount {
    /// Adds up rows by the provider's words for an error and the status it came with.
    fileprivate static func all(
        of rows: [SelectErrorCounts.Row], _ outcomes: [String: Outcome], _ query: ErrorQuery
    ) -> [ErrorCount] {
        struct Sums {
            var statuses: [Status: Int64] = [:]
            var countries: [String: Int64] = [:]
        }
        var sums: [String: Sums] = [:]
        for row in rows {
            if let country = query.country, country.description != row.country { continue }
            if let provider = query.provider, outcomes[row.outcome]?.provider != provider {
                continue
            }
            for (code, messages) in row.statuses.pairs {
                guard let status = Status(code: Int16(truncatingIfNeeded: code)),
                    query.statuses.contains(status)
                else { continue }
                sums[row.outcome, default: Sums()].statuses[status, default: 0] += messages
                sums[row.outcome, default: Sums()].countries[row.country, default: 0] += messages
            }
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
