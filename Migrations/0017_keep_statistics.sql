-- Counts of messages by hour and by what they have in common, kept as reports come: no answer ever
-- scans messages. See "How it is stored" in the documentation.

-- What a message adds to the counts is a function of its own row, so that a recount can prove them and
-- an update can take back what the row added before. Adding columns without a default rewrites nothing
-- and holds its lock for a moment.
alter table message
    add column outcome_id   bigint,
    add column submitter_id uuid,
    add column segments     integer,
    add column delay        smallint,
    add column country      text,
    add column currency     text,
    add column price        numeric;

comment on column message.outcome_id is 'outcome.id of the report that decides; null where our own event does.';
comment on column message.submitter_id is 'Who submitted it; null if we did not send it. Here as well, because send_request goes earlier.';
comment on column message.segments is 'As billed, by the report that decides; before one says so, what we counted.';
comment on column message.delay is 'Class of the time from sending to delivery: see DelayClass in the program.';
comment on column message.country is 'ISO 3166 of the recipient''s number; null if it is none or of no country.';
comment on column message.price is 'Of the report that decides.';

-- What writers added, not yet in `statistic`. One row of arrays for each statement of a transaction: no
-- key, no lock between writers. An element stands for `messages` messages that agree in all else; a
-- negative number takes them back. waybill serve moves them on every second, and every answer reads
-- both tables as of one moment, so that it is exact whether or not that has happened.
create table statistic_change (
    hours      timestamptz[] not null,
    providers  smallint[]    not null,
    statuses   smallint[]    not null,
    outcomes   bigint[]      not null,
    countries  text[]        not null,
    senders    text[]        not null,
    submitters uuid[]        not null,
    segments   integer[]     not null,
    delays     smallint[]    not null,
    currencies text[]        not null,
    prices     numeric[]     not null,
    messages   bigint[]      not null,
    constraint statistic_change_whole check (
        cardinality(messages) >= 1 and cardinality(hours) = cardinality(messages)
        and cardinality(providers) = cardinality(messages)
        and cardinality(statuses) = cardinality(messages)
        and cardinality(outcomes) = cardinality(messages)
        and cardinality(countries) = cardinality(messages)
        and cardinality(senders) = cardinality(messages)
        and cardinality(submitters) = cardinality(messages)
        and cardinality(segments) = cardinality(messages)
        and cardinality(delays) = cardinality(messages)
        and cardinality(currencies) = cardinality(messages)
        and cardinality(prices) = cardinality(messages))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_insert_threshold = -1);

comment on table statistic_change is 'Changes of statistic that are not in it yet: add the elements of all rows to it.';
comment on column statistic_change.hours is 'Of message.created_at, in UTC.';
comment on column statistic_change.senders is 'The first 100 characters.';

-- Messages by hour (and once more by day) of created_at, one row for each value of each dimension and each
-- currency:
--   0  all messages        value ''
--   1  provider            value: its code
--   2  error               value: outcome_id
--   3  country             value: ISO 3166
--   4  sender              value: its first 100 characters
--   5  submitter           value: the principal's id
--   6  error and country   value: outcome_id; country: the recipient's
--   7  status              value: its code
-- An unknown value is ''. All rows of one dimension add up to all messages. A row holds all statuses: a
-- month of a hundred senders is read in a few milliseconds that way. Rows stay when their messages have
-- moved on; then `statuses` is empty. To learn in which hours a value occurs, ask statistic_value for
-- (dimension, value), and treat every hour that occurs in statistic_change as if it might be there.
create table statistic (
    since     timestamptz not null,
    segments  bigint      not null,
    dimension smallint    not null,
    is_day    boolean     not null,
    value     text        not null,
    country   text        not null,
    currency  text        not null,
    price     numeric     not null,
    statuses  bigint[]    not null,
    delays    bigint[]    not null,
    constraint statistic_pkey primary key (is_day, dimension, since, value, country, currency),
    constraint statistic_dimension_known check (dimension between 0 and 7),
    constraint statistic_value_length check (
        char_length(value) <= 100 and char_length(country) <= 2 and char_length(currency) <= 16)
) with (fillfactor = 70);

create index statistic_value on statistic (dimension, value, since) where not is_day;

comment on table statistic is 'Messages by hour and by day of their creation, by dimension, value and currency.';
comment on column statistic.since is 'Start of the hour or the day, in UTC.';
comment on column statistic.country is 'In dimension 6 only; else empty.';
comment on column statistic.statuses is 'Pairs of a current status and how many messages have it.';
comment on column statistic.delays is 'Pairs of a class of message.delay and how many messages are in it.';

-- What messages add, taken from their rows after an update: whoever updates them needs to know nothing
-- of it. Inserts are counted by the statement that makes them; a trigger would cost receiving reports
-- more than all the rest of this file.
create function count_updated_messages() returns trigger
    language plpgsql
    security definer
as $$
begin
    insert into statistic_change
    select array_agg(hour), array_agg(provider), array_agg(status), array_agg(outcome_id),
        array_agg(country), array_agg(sender), array_agg(submitter_id), array_agg(segments),
        array_agg(delay), array_agg(currency), array_agg(price), array_agg(messages)
    from (
        select hour, provider, status, outcome_id, country, sender, submitter_id, segments, delay,
            currency, price, sum(change) as messages
        from (
            select date_trunc('hour', created_at, 'UTC') as hour, provider, status, outcome_id,
                country, left(sender, 100) as sender, submitter_id, segments, delay, currency, price,
                1 as change
            from new_rows
            union all
            select date_trunc('hour', created_at, 'UTC'), provider, status, outcome_id,
                country, left(sender, 100), submitter_id, segments, delay, currency, price, -1
            from old_rows
        ) as row
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        having sum(change) <> 0
    ) as changed
    having count(*) > 0;
    return null;
end
$$;

create trigger count_updated after update on message
    referencing old table as old_rows new table as new_rows
    for each statement execute function count_updated_messages();

comment on function count_updated_messages is 'Tells statistic_change what an update of messages moved.';

-- Adds up the pairs of equal first numbers, in their order; those that come to nothing are left out.
create function sum_pairs(pairs bigint[]) returns bigint[]
    language sql
    immutable
    parallel safe
    return coalesce((
        select array_agg(array[key, number] order by key)
        from (
            select pairs[n][1] as key, sum(pairs[n][2])::bigint as number
            from generate_subscripts(pairs, 1) as n
            group by 1
            having sum(pairs[n][2]) <> 0
        ) as summed), '{}');

-- Moves a portion of statistic_change into statistic; tells how many rows it took, null if somebody
-- else is at it.
create function fold_statistics(most integer) returns bigint
    language plpgsql
    security definer
as $$
declare
    moved bigint;
begin
    if not pg_try_advisory_xact_lock(7310873232) then return null; end if;
    with taken as materialized (
        delete from statistic_change
        where ctid = any(array(select ctid from statistic_change limit most))
        returning *
    ),
    change as materialized (
        select hour, provider, status, outcome_id, country, sender, submitter_id, segments, delay,
            currency, price, sum(messages) as messages
        from (
            select unnest(hours) as hour, unnest(providers) as provider, unnest(statuses) as status,
                unnest(outcomes) as outcome_id, unnest(countries) as country,
                unnest(senders) as sender, unnest(submitters) as submitter_id,
                unnest(segments) as segments, unnest(delays) as delay,
                unnest(currencies) as currency, unnest(prices) as price,
                unnest(messages) as messages
            from taken
        ) as element
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
        having sum(messages) <> 0
    ),
    counted as (
        select part.dimension, part.value, part.country, change.hour, change.status,
            coalesce(left(change.currency, 16), '') as currency, change.delay,
            sum(messages) as messages,
            coalesce(sum(messages * change.segments), 0) as segments,
            coalesce(sum(messages * change.price), 0) as price
        from change
        cross join lateral (values
            (0::smallint, '', ''),
            (1::smallint, change.provider::text, ''),
            (2::smallint, coalesce(change.outcome_id::text, ''), ''),
            (3::smallint, coalesce(change.country, ''), ''),
            (4::smallint, coalesce(change.sender, ''), ''),
            (5::smallint, coalesce(change.submitter_id::text, ''), ''),
            (6::smallint, coalesce(change.outcome_id::text, ''), coalesce(change.country, '')),
            (7::smallint, change.status::text, '')
        ) as part (dimension, value, country)
        group by 1, 2, 3, 4, 5, 6, 7
    ),
    stored as (
        insert into statistic as known (
            is_day, since, dimension, value, country, currency, segments, price, statuses, delays)
        select span.is_day, span.since, dimension, value, country, currency, sum(segments), sum(price),
            sum_pairs(array_agg(array[status::bigint, messages::bigint])),
            coalesce(sum_pairs(
                array_agg(array[delay::bigint, messages::bigint]) filter (where delay is not null)),
                '{}')
        from counted
        cross join lateral (values
            (false, hour), (true, date_trunc('day', hour, 'UTC'))
        ) as span (is_day, since)
        group by 1, 2, 3, 4, 5, 6
        on conflict (is_day, dimension, since, value, country, currency) do update set
            segments = known.segments + excluded.segments,
            price = known.price + excluded.price,
            statuses = sum_pairs(known.statuses || excluded.statuses),
            delays = case
                when excluded.delays = '{}' then known.delays
                else sum_pairs(known.delays || excluded.delays) end
    )
    select count(*) from taken into moved;
    return moved;
end
$$;

comment on function fold_statistics is 'Moves a portion of statistic_change into statistic.';

-- Compares one hour's counts with its messages and, if told so, corrects them and those of its day; tells
-- how many rows were wrong. One statement sees all tables as of one moment, so that the difference holds
-- for any later one. It reads all messages of that hour; no writer waits.
create function recount_statistics(counted_hour timestamptz, repairs boolean) returns bigint
    language plpgsql
    security definer
as $$
declare
    wrong bigint;
begin
    perform pg_advisory_xact_lock(7310873232);
    with trait as (
        select provider, status, outcome_id, country, left(sender, 100) as sender, submitter_id,
            segments, delay, currency, price, count(*) as messages
        from message
        where created_at >= counted_hour and created_at < counted_hour + interval '1 hour'
        group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        union all
        -- These are added later.
        select provider, status, outcome_id, country, sender, submitter_id, segments, delay, currency,
            price, -messages
        from (
            select unnest(hours) as hour, unnest(providers) as provider, unnest(statuses) as status,
                unnest(outcomes) as outcome_id, unnest(countries) as country,
                unnest(senders) as sender, unnest(submitters) as submitter_id,
                unnest(segments) as segments, unnest(delays) as delay,
                unnest(currencies) as currency, unnest(prices) as price,
                unnest(messages) as messages
            from statistic_change
        ) as element
        where hour = counted_hour
    ),
    part as (
        select split.dimension, split.value, split.country,
            coalesce(left(trait.currency, 16), '') as currency, trait.status::bigint as status,
            trait.messages, trait.delay::bigint as delay, trait.messages as timed,
            coalesce(trait.messages * trait.segments, 0) as segments,
            coalesce(trait.messages * trait.price, 0) as price
        from trait
        cross join lateral (values
            (0::smallint, '', ''),
            (1::smallint, trait.provider::text, ''),
            (2::smallint, coalesce(trait.outcome_id::text, ''), ''),
            (3::smallint, coalesce(trait.country, ''), ''),
            (4::smallint, coalesce(trait.sender, ''), ''),
            (5::smallint, coalesce(trait.submitter_id::text, ''), ''),
            (6::smallint, coalesce(trait.outcome_id::text, ''), coalesce(trait.country, '')),
            (7::smallint, trait.status::text, '')
        ) as split (dimension, value, country)
        union all
        select dimension, value, country, currency, null, 0, null, 0, -segments, -price
        from statistic where not is_day and since = counted_hour
        union all
        select dimension, value, country, currency, statuses[n][1], -statuses[n][2], null, 0, 0, 0
        from statistic, generate_subscripts(statuses, 1) as n
        where not is_day and since = counted_hour
        union all
        select dimension, value, country, currency, null, 0, delays[n][1], -delays[n][2], 0, 0
        from statistic, generate_subscripts(delays, 1) as n
        where not is_day and since = counted_hour
    ),
    difference as materialized (
        select * from (
            select dimension, value, country, currency, sum(segments) as segments,
                sum(price) as price,
                coalesce(sum_pairs(
                    array_agg(array[status, messages]) filter (where status is not null)), '{}'
                ) as statuses,
                coalesce(sum_pairs(
                    array_agg(array[delay, timed]) filter (where delay is not null)), '{}'
                ) as delays
            from (
                select dimension, value, country, currency, status, delay,
                    sum(messages)::bigint as messages, sum(timed)::bigint as timed,
                    sum(segments) as segments, sum(price) as price
                from part
                group by 1, 2, 3, 4, 5, 6
            ) as summed
            group by 1, 2, 3, 4
        ) as compared
        where segments <> 0 or price <> 0 or statuses <> '{}' or delays <> '{}'
    ),
    corrected as (
        insert into statistic as known (
            is_day, since, dimension, value, country, currency, segments, price, statuses, delays)
        select span.is_day, span.since, dimension, value, country, currency, segments, price, statuses,
            delays
        from difference
        cross join lateral (values
            (false, counted_hour), (true, date_trunc('day', counted_hour, 'UTC'))
        ) as span (is_day, since)
        where repairs
        on conflict (is_day, dimension, since, value, country, currency) do update set
            segments = known.segments + excluded.segments,
            price = known.price + excluded.price,
            statuses = sum_pairs(known.statuses || excluded.statuses),
            delays = sum_pairs(known.delays || excluded.delays)
    )
    select count(*) from difference into wrong;
    return wrong;
end
$$;

comment on function recount_statistics is 'Compares an hour of statistic with its messages, and corrects it.';

-- Messages that were there before anybody counted, and those that a program of the version before still
-- adds until it is restarted: waybill serve recounts hour by hour, the latest first, until none is left.
-- Their columns above stay null until their next report; so do their segments and prices.
create table statistic_recount (
    before timestamptz not null
);

insert into statistic_recount (before) values ('infinity');

comment on table statistic_recount is 'Where the first recount of all hours is: those before have not been recounted. Empty when it is over.';

-- Recounts the next hour; null if none is left, or somebody else is at it.
create function recount_next_hour(out counted_hour timestamptz, out wrong bigint)
    language plpgsql
    security definer
as $$
declare
    place timestamptz;
begin
    select before from statistic_recount for update skip locked into place;
    if not found then return; end if;
    select date_trunc('hour', created_at, 'UTC') from message
    where created_at < place
    order by created_at desc
    limit 1
    into counted_hour;
    if counted_hour is null then
        delete from statistic_recount;
        return;
    end if;
    wrong := recount_statistics(counted_hour, true);
    update statistic_recount set before = counted_hour;
end
$$;

comment on function recount_next_hour is 'Recounts the next hour of the first recount of all.';

-- Hours go after 400 days, in portions; see the others in 0006. Days stay as long as the messages do:
-- a few hundred rows each.
create function drop_old_statistics(
    most integer, out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
begin
    perform pg_advisory_xact_lock(7310873232);
    with gone as (
        delete from statistic
        where ctid = any(array(
            select ctid from statistic
            where not is_day and since < now() - interval '400 days'
            limit most))
        returning true
    )
    select count(*), count(*) from gone into seen, dropped;
end
$$;

comment on function drop_old_statistics is 'Drops a portion of the hours of statistic that are older than 400 days.';

revoke all on function count_updated_messages, sum_pairs, fold_statistics, recount_statistics,
    recount_next_hour, drop_old_statistics from public;

-- For the reasons see 0003 and 0006.
do $$
declare
    name text;
begin
    foreach name in array array[
        'count_updated_messages', 'fold_statistics', 'recount_statistics', 'recount_next_hour',
        'drop_old_statistics']
    loop
        execute format(
            'alter function %I set search_path = %I, pg_temp', name, current_schema());
    end loop;
    execute 'alter function fold_statistics set jit = off';
    execute 'alter function recount_statistics set jit = off';
    execute 'alter function recount_statistics set plan_cache_mode = force_custom_plan';
end
$$;
