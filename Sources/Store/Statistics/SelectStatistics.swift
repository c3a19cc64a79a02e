import Domain
import Postgres

/// Counts of messages by one dimension, hour by hour or day by day, as of one moment.
///
/// What has been moved to `statistic`, and what writers have added since: both are read by one
/// statement, so that nothing is missing or counted twice. Several rows may be of the same hour and
/// value, and only their sum means something.
struct SelectStatistics: Statement {
    let dimension: Dimension
    /// Full hours; the days between them are read as days.
    let from: Timestamp
    let to: Timestamp
    /// The full days between; equal to `to` where hours are wanted.
    let firstDay: Timestamp
    let endOfDays: Timestamp

    /// The numbers of `statistic.dimension`.
    enum Dimension: Int16 {
        case all = 0
        case provider = 1
        case error = 2
        case country = 3
        case sender = 4
        case submitter = 5
        case errorAndCountry = 6
        case status = 7
    }

    /// - Parameters:
    ///   - dimension: what the rows are counted by.
    ///   - from: a full hour.
    ///   - to: a full hour.
    ///   - bucket: whether full days may come as one row.
    init(_ dimension: Dimension, from: Timestamp, to: Timestamp, in bucket: StatisticsBucket) {
        self.dimension = dimension
        self.from = from
        self.to = to
        let firstDay =
            from == from.startOfDay ? from : from.startOfDay.advanced(by: .seconds(86_400))
        if bucket == .day, firstDay < to.startOfDay {
            self.firstDay = firstDay
            endOfDays = to.startOfDay
        } else {
            self.firstDay = to
            endOfDays = to
        }
    }

    static let name: StaticString = "select_statistics"
    static let sql: StaticString = """
        select since, value, currency, segments, price::text, statuses, delays
        from statistic
        where not is_day and dimension = $1 and since >= $2 and since < $3
        union all
        select since, value, currency, segments, price::text, statuses, delays
        from statistic
        where is_day and dimension = $1 and since >= $3 and since < $4
        union all
        select since, value, currency, segments, price::text, statuses, delays
        from statistic
        where not is_day and dimension = $1 and since >= $4 and since < $5
        union all
        select hour, value, currency, sum(messages * segments)::bigint,
            sum(messages * price)::text, array[status::bigint, sum(messages)::bigint],
            case when delay is null then '{}' else array[delay::bigint, sum(messages)::bigint] end
        from (
            select hour, status, delay, messages, coalesce(segments, 0) as segments,
                coalesce(price, 0) as price, coalesce(left(currency, 16), '') as currency,
                case $1
                    when 1 then provider::text
                    when 2 then coalesce(outcome_id::text, '')
                    when 3 then coalesce(country, '')
                    when 4 then coalesce(sender, '')
                    when 5 then coalesce(submitter_id::text, '')
                    when 7 then status::text
                    else '' end as value
            from (
                select unnest(hours) as hour, unnest(providers) as provider,
                    unnest(statuses) as status, unnest(outcomes) as outcome_id,
                    unnest(countries) as country, unnest(senders) as sender,
                    unnest(submitters) as submitter_id, unnest(segments) as segments,
                    unnest(delays) as delay, unnest(currencies) as currency,
                    unnest(prices) as price, unnest(messages) as messages
                from statistic_change
            ) as element
            where hour >= $2 and hour < $5
        ) as change
        group by hour, value, status, currency, delay
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(dimension.rawValue)
        parameters.add(timestamp: from.microseconds)
        parameters.add(timestamp: firstDay.microseconds)
        parameters.add(timestamp: endOfDays.microseconds)
        parameters.add(timestamp: to.microseconds)
    }

    /// One row.
    struct Row: Sendable {
        let since: Timestamp
        let value: String
        let currency: String
        let segments: Int64
        let price: ExactAmount
        /// Pairs of a status's code and how many messages have it.
        let statuses: [Int64]
        /// Pairs of a class of delays and how many messages are in it.
        let delays: [Int64]
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            since: try row.next(Timestamp.self), value: try row.next(String.self),
            currency: try row.next(String.self), segments: try row.next(Int64.self),
            price: try row.next(Amount.self).amount,
            statuses: try row.next(PairList.self).numbers,
            delays: try row.next(PairList.self).numbers)
    }
}

/// A `numeric` as text.
private struct Amount: ColumnValue {
    let amount: ExactAmount

    init(_ column: borrowing Column) throws(PostgresError) {
        guard let amount = ExactAmount(try String(column)) else {
            throw column.unreadable("no amount of up to 18 digits after the point")
        }
        self.amount = amount
    }
}

/// A `bigint[]` of pairs, one after the other.
struct PairList: ColumnValue {
    let numbers: [Int64]

    init(_ column: borrowing Column) throws(PostgresError) {
        numbers = try column.int64s()
    }
}
