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
        select since, value, country, status, currency, messages, segments, price::text, delays
        from statistic
        where not is_day and dimension = $1 and since >= $2 and since < $3
        union all
        select since, value, country, status, currency, messages, segments, price::text, delays
        from statistic
        where is_day and dimension = $1 and since >= $3 and since < $4
        union all
        select since, value, country, status, currency, messages, segments, price::text, delays
        from statistic
        where not is_day and dimension = $1 and since >= $4 and since < $5
        union all
        select hour, value, country, status, currency, sum(messages)::bigint,
            sum(messages * segments)::bigint, sum(messages * price)::text,
            case when delay is null then '{}' else array[delay::bigint, sum(messages)::bigint] end
        from (
            select hour, status, delay, messages, coalesce(segments, 0) as segments,
                coalesce(price, 0) as price, coalesce(left(currency, 16), '') as currency,
                case when $1 = 2 then coalesce(country, '') else '' end as country,
                case $1
                    when 1 then provider::text
                    when 2 then coalesce(outcome_id::text, '')
                    when 3 then coalesce(country, '')
                    when 4 then coalesce(sender, '')
                    when 5 then coalesce(submitter_id::text, '')
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
        group by hour, value, country, status, currency, delay
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
        let country: String
        /// Nil for one that only a later version knows.
        let status: Status?
        let currency: String
        let messages: Int64
        let segments: Int64
        let price: ExactAmount
        let delays: [Int64]
    }

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Row {
        Row(
            since: try row.next(Timestamp.self), value: try row.next(String.self),
            country: try row.next(String.self), status: Status(code: try row.next(Int16.self)),
            currency: try row.next(String.self), messages: try row.next(Int64.self),
            segments: try row.next(Int64.self), price: try row.next(Amount.self).amount,
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
private struct PairList: ColumnValue {
    let numbers: [Int64]

    init(_ column: borrowing Column) throws(PostgresError) {
        numbers = try column.int64s()
    }
}

/// The providers' words by their ids.
struct SelectOutcomes: Statement {
    let ids: [Int64]

    static let name: StaticString = "select_outcomes"
    static let sql: StaticString = """
        select id, provider, status_group_id, status_group, status_id, status_name,
            status_description, error_group_id, error_group, error_code, error_name,
            error_description, is_permanent
        from outcome
        where id = any($1::bigint[])
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addInt64s(ids) { $0 }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (id: Int64, outcome: Outcome) {
        let id = try row.next(Int64.self)
        return (
            id,
            Outcome(
                provider: try row.next(Provider.self),
                statusGroupID: try row.next(Int32?.self),
                statusGroup: try row.next(String?.self), statusID: try row.next(Int32?.self),
                statusName: try row.next(String?.self),
                statusDescription: try row.next(String?.self),
                errorGroupID: try row.next(Int32?.self),
                errorGroup: try row.next(String?.self), errorCode: try row.next(String?.self),
                errorName: try row.next(String?.self),
                errorDescription: try row.next(String?.self),
                isPermanent: try row.next(Bool?.self))
        )
    }
}

/// What submitters are called, by their latest send request; one without any is left out.
struct SelectSubmitters: Statement {
    let ids: [Identifier<Principal>]

    static let name: StaticString = "select_submitters"
    static let sql: StaticString = """
        select wanted.id, last.submitter_kind, last.submitter_name
        from unnest($1::uuid[]) as wanted (id)
        cross join lateral (
            select submitter_kind, submitter_name from send_request
            where submitter_id = wanted.id
            order by id desc
            limit 1
        ) as last
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.addUUIDs(ids) { $0.halves }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (id: Identifier<Principal>, kind: String?, name: String?) {
        (
            try row.next(Identifier<Principal>.self), try row.next(String?.self),
            try row.next(String?.self)
        )
    }
}
