import Domain
import Postgres

/// Counts of messages by the providers' words and country, as of one moment; several rows may be of the
/// same.
///
/// What has been moved to `statistic`, and what writers have added since; see `SelectStatistics`.
struct SelectErrorCounts: Statement {
    let period: SelectStatistics

    static let name: StaticString = "select_error_counts"
    static let sql: StaticString = """
        select value, country, statuses from statistic
        where not is_day and dimension = 6 and since >= $1 and since < $2
        union all
        select value, country, statuses from statistic
        where is_day and dimension = 6 and since >= $2 and since < $3
        union all
        select value, country, statuses from statistic
        where not is_day and dimension = 6 and since >= $3 and since < $4
        union all
        select coalesce(outcome_id::text, ''), coalesce(country, ''),
            array[status::bigint, sum(messages)::bigint]
        from (
            select unnest(hours) as hour, unnest(outcomes) as outcome_id,
                unnest(countries) as country, unnest(statuses) as status,
                unnest(messages) as messages
            from statistic_change
        ) as element
        where hour >= $1 and hour < $4
        group by outcome_id, country, status
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: period.from.microseconds)
        parameters.add(timestamp: period.firstDay.microseconds)
        parameters.add(timestamp: period.endOfDays.microseconds)
        parameters.add(timestamp: period.to.microseconds)
    }

    /// One row.
    struct Row: Sendable {
        /// `outcome.id`; empty where no report decides.
        let outcome: String
        let country: String
        /// Pairs of a status's code and how many messages have it.
        let statuses: [Int64]
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            outcome: try row.next(String.self), country: try row.next(String.self),
            statuses: try row.next(PairList.self).numbers)
    }
}
