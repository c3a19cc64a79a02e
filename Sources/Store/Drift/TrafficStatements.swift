import Domain
import Postgres

/// What happened around this time, today and on the days before.
struct SelectTraffic: Statement {
    static let name: StaticString = "select_traffic"
    // The bounds are those of `TrafficHistory`, which passes over what is of no use to it. Eight short
    // ranges of the key instead of one of eight days.
    static let sql: StaticString = """
        select since, provider, country, ours, statuses, failures, delays, ages
        from generate_series(0, 7) as day
        cross join lateral (
            select * from traffic
            where since between now() - make_interval(hours => 24 * day, mins => 80)
                and now() - make_interval(hours => 24 * day, mins => -40)
        ) as part
        """

    struct Row: Sendable {
        let since: Timestamp
        let provider: Provider
        let country: Country?
        let figures: TrafficFigures
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        let since = try row.next(Timestamp.self)
        let provider = try row.next(Provider.self)
        let country = Country(try row.next(String.self))
        let ours = try row.next(Int64.self)
        return Row(
            since: since, provider: provider, country: country,
            figures: TrafficFigures(
                statuses: try row.next(PairList.self).numbers, ours: ours,
                failures: try row.next(PairList.self).numbers,
                delays: try row.next(PairList.self).numbers,
                ages: try row.next(PairList.self).numbers))
    }
}

/// Adds how old reports were.
struct AddReportAges: Statement {
    struct Age: Sendable {
        let key: ReportAges.Key
        let delayClass: Int64
        let reports: Int64
    }

    let ages: [Age]

    static let name: StaticString = "add_report_ages"
    static let sql: StaticString = "select from add_report_ages($1, $2, $3, $4, $5)"

    func encode(into parameters: inout StatementParameters) {
        parameters.addTimestamps(ages) { $0.key.since.microseconds }
        parameters.addInt16s(ages) { $0.key.provider.code }
        parameters.addTexts(ages) { $0.key.country?.description ?? "" }
        parameters.addInt64s(ages) { $0.delayClass }
        parameters.addInt64s(ages) { $0.reports }
    }
}

/// A provider's own word for an outcome.
struct SelectOutcomeName: Statement {
    let id: Int64

    static let name: StaticString = "select_outcome_name"
    static let sql: StaticString = """
        select coalesce(error_name, error_code, error_description, status_name)
        from outcome where id = $1
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(id)
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> String? {
        try row.next(String?.self)
    }
}
