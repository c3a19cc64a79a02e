import Testing

@testable import Store

extension TestDatabase {
    /// What the kept counts and a recount of all messages do not agree in; empty if in nothing.
    ///
    /// One statement, so that both are as of one moment.
    func recount() throws -> String {
        try run("set jit = off; " + Self.recountSQL)
    }

    /// Expects that the kept counts are those of the messages.
    func expectExactCounts(
        _ moment: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try recount() == "", "\(moment)", sourceLocation: sourceLocation)
    }

    /// Moves all that writers counted.
    func fold() throws {
        while try run("select fold_statistics(1000)") != "0" {}
    }

    private static let recountSQL = """
        with trait as (
            select date_trunc('hour', created_at, 'UTC') as hour, provider, status, outcome_id,
                country, left(sender, 100) as sender, submitter_id, segments, delay, currency, price,
                1::bigint as messages, true as is_expected
            from message
            union all
            select unnest(hours), unnest(providers), unnest(statuses), unnest(outcomes),
                unnest(countries), unnest(senders), unnest(submitters), unnest(segments),
                unnest(delays), unnest(currencies), unnest(prices), unnest(messages), false
            from statistic_change
        ),
        element as (
            select is_expected, is_day, since, dimension, value, part.country, status,
                coalesce(left(currency, 16), '') as currency, delay, messages,
                messages * coalesce(segments, 0) as segments, messages * coalesce(price, 0) as price
            from trait
            cross join lateral (values
                (0::smallint, '', ''),
                (1::smallint, provider::text, ''),
                (2::smallint, coalesce(outcome_id::text, ''), ''),
                (3::smallint, coalesce(trait.country, ''), ''),
                (4::smallint, coalesce(sender, ''), ''),
                (5::smallint, coalesce(submitter_id::text, ''), ''),
                (6::smallint, coalesce(outcome_id::text, ''), coalesce(trait.country, '')),
                (7::smallint, status::text, '')
            ) as part (dimension, value, country)
            cross join lateral (values
                (false, hour), (true, date_trunc('day', hour, 'UTC'))) as span (is_day, since)
            union all
            select false, is_day, since, dimension, value, country, null, currency, null,
                0, segments, price
            from statistic
            union all
            select false, is_day, since, dimension, value, country, null, currency, delays[n][1],
                delays[n][2], 0, 0
            from statistic, generate_subscripts(delays, 1) as n
        ),
        plain as (
            select is_expected, is_day, since, dimension, value, country, null::smallint as status,
                currency, sum(segments) as segments, trim_scale(sum(price)) as price
            from element
            group by 1, 2, 3, 4, 5, 6, 7, 8
            having sum(segments) <> 0 or sum(price) <> 0
        ),
        timed as (
            select is_expected, is_day, since, dimension, value, country, null::smallint as status,
                currency, delay, sum(messages) as messages
            from element
            where delay is not null
            group by 1, 2, 3, 4, 5, 6, 7, 8, 9
            having sum(messages) <> 0
        ),
        expected as (
            select is_day, since, dimension, value, country, status, currency, null::bigint as delay,
                segments::text as amount, price::text as price from plain where is_expected
            union all
            select is_day, since, dimension, value, country, status, currency, delay, messages::text,
                'timed' from timed where is_expected
            union all
            select is_day, since, dimension, value, country, status, currency, null,
                count(*)::text, 'messages'
            from element where is_expected group by 1, 2, 3, 4, 5, 6, 7
        ),
        kept_messages as (
            select is_day, since, dimension, value, country, status, currency,
                sum(messages) as messages
            from (
                select is_day, since, dimension, value, country, statuses[n][1] as status, currency,
                    statuses[n][2] as messages
                from statistic, generate_subscripts(statuses, 1) as n
                union all
                select is_day, since, dimension, value, part.country, status,
                    coalesce(left(currency, 16), ''), messages
                from trait
                cross join lateral (values
                    (0::smallint, '', ''),
                    (1::smallint, provider::text, ''),
                    (2::smallint, coalesce(outcome_id::text, ''), ''),
                    (3::smallint, coalesce(trait.country, ''), ''),
                    (4::smallint, coalesce(sender, ''), ''),
                    (5::smallint, coalesce(submitter_id::text, ''), ''),
                    (6::smallint, coalesce(outcome_id::text, ''), coalesce(trait.country, '')),
                    (7::smallint, status::text, '')
                ) as part (dimension, value, country)
                cross join lateral (values
                    (false, hour), (true, date_trunc('day', hour, 'UTC'))) as span (is_day, since)
                where not is_expected
            ) as both_tables
            group by 1, 2, 3, 4, 5, 6, 7
            having sum(messages) <> 0
        ),
        kept as (
            select is_day, since, dimension, value, country, status, currency, null::bigint as delay,
                segments::text as amount, price::text as price from plain where not is_expected
            union all
            select is_day, since, dimension, value, country, status, currency, delay, messages::text,
                'timed' from timed where not is_expected
            union all
            select is_day, since, dimension, value, country, status, currency, null,
                messages::text, 'messages' from kept_messages
        )
        (select 'expected', * from (select * from expected except select * from kept) as missing)
        union all
        (select 'kept', * from (select * from kept except select * from expected) as superfluous)
        order by 1, 2, 4, 3, 5
        limit 20
        """
}
