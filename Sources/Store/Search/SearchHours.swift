import Domain
import Postgres

/// In which hours messages with the values of some conditions occur at all, as the counts tell: each
/// row a condition by its number, and an hour.
///
/// `statistic` has a row for each hour and value. What is not in it yet stands in
/// `statistic_change`, whose hours are told as condition 9: there anything may occur.
struct SelectSearchHours: Statement {
    let conditions: SearchConditions
    /// Hours of this one and earlier ones,
    let latest: Timestamp
    /// down to this one.
    let earliest: Timestamp
    /// Only the latest hour of each condition, instead of all.
    let isLatestOnly: Bool

    static let name: StaticString = "select_search_hours"
    static let sql: StaticString = """
        with wanted as (
            select 0::smallint as dimension, '' as value where cardinality($4::smallint[]) > 0
            union all
            select 1::smallint, $5::text where $5 is not null
            union all
            select 2::smallint, value from unnest($6::text[]) as outcome (value)
            union all
            select 3::smallint, $7::text where $7 is not null
            union all
            select 4::smallint, left(value, 100) from unnest($8::text[]) as sender (value)
            union all
            select 5::smallint, value from unnest($9::text[]) as submitter (value)
        )
        select wanted.dimension, found.since
        from wanted
        left join lateral (
            select since from statistic
            where not is_day and dimension = wanted.dimension and value = wanted.value
                and since <= $1 and since >= $2 and case
                    when cardinality($4) = 0 and (dimension <> 2 or value <> '')
                    then statuses <> '{}'
                    else exists (
                        select from generate_subscripts(statuses, 1) as n
                        where (cardinality($4) = 0 or statuses[n][1] = any($4))
                            and (dimension <> 2 or value <> ''
                                or statuses[n][1] in (1, 6, 7, 8, 9, 10))) end
            group by since
            order by since desc
            limit case when $3 then 1 end
        ) as found on true
        union all
        (select distinct 9::smallint, hour
         from (select unnest(hours) as hour from statistic_change limit 50001) as changing
         where hour <= $1 and hour >= $2)
        union all
        select 10::smallint, null
        where (select count(*)
               from (select unnest(hours) from statistic_change limit 50001) as changing) > 50000
        """

    func encode(into parameters: inout StatementParameters) {
        parameters.add(timestamp: latest.microseconds)
        parameters.add(timestamp: earliest.microseconds)
        parameters.add(isLatestOnly)
        parameters.addInt16s(conditions.statuses) { $0.code }
        parameters.add((conditions.provider?.code).map { "\($0)" })
        // Where our own event decides, there are no words of a provider's.
        let outcomes = conditions.errorCode.map { _ in
            conditions.outcomes.map { "\($0)" } + [""]
        }
        parameters.addTexts(outcomes ?? []) { $0 }
        parameters.add(conditions.country)
        parameters.addTexts(conditions.senders) { $0 }
        parameters.addTexts(conditions.submitters) { $0.description }
    }

    static func decode(
        _ row: inout RowReader
    ) throws(PostgresError) -> (condition: Int16, hour: Timestamp?) {
        (try row.next(Int16.self), try row.next(Timestamp?.self))
    }
}

/// From when on the counts are complete, and the columns that they are taken from are filled: a day
/// after they were introduced, when no program of the version before is at work any more. Hours are
/// dropped after 400 days. Null if they are not there.
struct SelectFirstCountedHour: Statement {
    static let name: StaticString = "select_first_counted_hour"
    static let sql: StaticString = """
        select date_trunc(
            'hour', greatest(applied_at + interval '1 day', now() - interval '399 days'), 'UTC')
        from schema_migration where version = 17
        """

    static func decode(_ row: inout RowReader) throws(PostgresError) -> Timestamp? {
        try row.next(Timestamp?.self)
    }
}

/// What is known of the hours in which messages may be that meet some conditions. Hours that are
/// known to have none are not looked at.
struct SearchHours {
    /// Before this hour nothing was counted; nil until it was asked for.
    private var firstCounted: Timestamp?
    /// Everything from here on is known.
    private var knownFrom: Timestamp?
    /// The parts of what is known in which messages may be, the latest first.
    private var spans: [SearchWindows.Span] = []
    /// Whether the counts cannot be used now.
    private var isBlind = false

    private static let hour: Duration = .seconds(3600)
    private static let future: Duration = .seconds(366 * 86_400)
    /// Counts that are slow to read are no help.
    private static let patience: Duration = .milliseconds(25)
    /// How many hours are asked for at a time.
    private static let portion = 64
    /// The condition by which hours are told that are being counted.
    private static let changing: Int16 = 9

    /// What of a window is to be looked at next.
    ///
    /// - Parameters:
    ///   - window: a part of time.
    ///   - conditions: on messages.
    ///   - connection: where the counts are.
    /// - Returns: the latest part of it that may have something; nil if none has.
    /// - Throws: what the server refuses.
    mutating func window(
        in window: (before: SearchKey, since: Timestamp), _ conditions: SearchConditions,
        _ connection: Connection
    ) throws(PostgresError) -> (before: SearchKey, since: Timestamp)? {
        guard !isBlind, conditions.haveCounts else { return window }
        let first = try firstCountedHour(connection)
        var place = window.before
        // Each round looks at earlier hours.
        while true {
            // No message is of the future; a list begins at the end of time.
            let hour = min(place.createdAt, .now.advanced(by: Self.future))
                .hour(isExclusive: place.id == MessageID(high: 0, low: 0))
            guard hour >= first else { return (place, window.since) }
            guard hour.advanced(by: Self.hour) > window.since else { return nil }
            if knownFrom.map({ hour < $0 }) ?? true {
                try learn(from: hour, conditions, first, connection)
                if isBlind { return (place, window.since) }
            }
            guard let known = knownFrom else { return (place, window.since) }
            for span in spans {
                let before = SearchKey.all(before: span.until)
                let start = place.isOlder(than: before) ? place : before
                guard SearchKey.all(before: span.from).isOlder(than: start) else { continue }
                guard span.until > window.since else { return nil }
                return (start, max(span.from, window.since))
            }
            place = .all(before: known)
            guard known > window.since else { return nil }
        }
    }

    private mutating func firstCountedHour(
        _ connection: Connection
    ) throws(PostgresError) -> Timestamp {
        if let firstCounted { return firstCounted }
        let found = try connection.execute(SelectFirstCountedHour()).first ?? nil
        let first = found ?? Timestamp(microseconds: .max)
        firstCounted = first
        return first
    }

    /// Asks for the latest hours in which all conditions are met, and some before them.
    private mutating func learn(
        from hour: Timestamp, _ conditions: SearchConditions, _ first: Timestamp,
        _ connection: Connection
    ) throws(PostgresError) {
        spans = []
        let tops = try ask(
            conditions, from: hour, to: first, isLatestOnly: true, connection)
        guard !isBlind else { return }
        let changing = tops.changing.max() ?? Timestamp(microseconds: .min)
        let latest = max(changing, tops.counted.map { $0.max() ?? changing }.min() ?? hour)
        guard latest >= first else {
            knownFrom = first
            return
        }
        let earliest = max(
            first, latest.advanced(by: .zero - Self.hour * (Self.portion - 1)))
        let hours = try ask(
            conditions, from: latest, to: earliest, isLatestOnly: false, connection)
        guard !isBlind else { return }
        knownFrom = earliest
        var possible = hours.counted.reduce(into: hours.counted.first ?? []) {
            $0.formIntersection($1)
        }
        possible.formUnion(hours.changing)
        for hour in possible.sorted(by: >) {
            let end = hour.advanced(by: Self.hour)
            if let last = spans.last, last.from == end {
                spans[spans.count - 1] = SearchWindows.Span(from: hour, until: last.until)
            } else {
                spans.append(SearchWindows.Span(from: hour, until: end))
            }
        }
    }

    private mutating func ask(
        _ conditions: SearchConditions, from latest: Timestamp, to earliest: Timestamp,
        isLatestOnly: Bool, _ connection: Connection
    ) throws(PostgresError) -> (counted: [Set<Timestamp>], changing: Set<Timestamp>) {
        let rows: [SelectSearchHours.Row]
        do throws(PostgresError) {
            rows = try connection.execute(
                SearchSettings(limit: Self.patience),
                SelectSearchHours(
                    conditions: conditions, latest: latest, earliest: earliest,
                    isLatestOnly: isLatestOnly)
            ).1.rows
        } catch {
            guard error.sqlState?.description == "57014" else { throw error }
            isBlind = true
            return ([], [])
        }
        var counted: [Int16: Set<Timestamp>] = [:]
        var changing: Set<Timestamp> = []
        for row in rows {
            switch (row.condition, row.hour) {
            case (Self.changing, let hour?): changing.insert(hour)
            case (0..<Self.changing, let hour):
                counted[row.condition, default: []].formUnion([hour].compactMap(\.self))
            default: isBlind = true
            }
        }
        return (Array(counted.values), changing)
    }
}

extension SearchConditions {
    /// Whether the counts tell anything of them.
    fileprivate var haveCounts: Bool {
        !statuses.isEmpty || provider != nil || errorCode != nil || country != nil
            || !senders.isEmpty || !submitters.isEmpty
    }
}

extension Timestamp {
    /// The hour that it is in, or that ends with it.
    fileprivate func hour(isExclusive: Bool) -> Timestamp {
        let length: Int64 = 3_600_000_000
        guard microseconds > .min + length else { return self }
        let moment = microseconds - (isExclusive ? 1 : 0)
        let remainder = moment % length
        return Timestamp(
            microseconds: moment - (remainder < 0 ? remainder + length : remainder))
    }
}
