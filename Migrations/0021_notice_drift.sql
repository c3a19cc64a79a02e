-- What happened in the last days, by five minutes: how providers fare now is compared with it. And what
-- was found to be other than usual.

-- Kept by fold_statistics(), off the way of callbacks, and by add_report_ages(). Whatever happened is in
-- the slot in which it was counted, a second or two later; a country that is not known is ''.
create table traffic (
    since    timestamptz not null,
    ours     bigint      not null default 0,
    provider smallint    not null,
    country  text        not null,
    statuses bigint[]    not null default '{}',
    failures bigint[]    not null default '{}',
    delays   bigint[]    not null default '{}',
    ages     bigint[]    not null default '{}',
    constraint traffic_pkey primary key (since, provider, country),
    constraint traffic_country_length check (char_length(country) <= 2)
) with (fillfactor = 50);

comment on table traffic is 'What happened to messages in five minutes, by provider and the recipients'' country. Kept for nine days.';
comment on column traffic.since is 'Start of the five minutes, in UTC.';
comment on column traffic.ours is 'Messages that came into being because somebody submitted them.';
comment on column traffic.statuses is 'Pairs of a status and by how many messages it grew; negative where they moved on.';
comment on column traffic.failures is 'Pairs of an outcome''s id and how many messages failed with it.';
comment on column traffic.delays is 'Pairs of a class of message.delay and how many messages took so long.';
comment on column traffic.ages is 'Pairs of such a class and how many reports were so old when they came.';

create table alarm (
    id         bigint      generated always as identity primary key,
    provider   smallint    not null,
    country    text        not null,
    kind       text        not null,
    raised_at  timestamptz not null,
    seen_at    timestamptz not null,
    cleared_at timestamptz,
    sentence   text        not null,
    constraint alarm_country_length check (char_length(country) <= 2),
    constraint alarm_kind_known check (
        kind in ('silence', 'failures', 'late_reports', 'slow_delivery')),
    constraint alarm_sentence_length check (char_length(sentence) <= 500)
);

-- One is on at a time for each topic, however many processes look.
create unique index alarm_open on alarm (provider, country, kind) where cleared_at is null;

comment on table alarm is 'What was found to be other than usual, and until when it was. Kept for 400 days.';
comment on column alarm.country is 'Empty for a whole provider.';
comment on column alarm.seen_at is 'When it was last found.';
comment on column alarm.sentence is 'What changed, in plain words.';

-- As in 0017, and tells `traffic` of it: what writers count is what happens now.
create or replace function fold_statistics(most integer) returns bigint
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
    passed as (
        insert into traffic as known (
            since, provider, country, ours, statuses, failures, delays)
        select date_bin('5 minutes', now(), timestamptz '2000-01-01 00:00:00+00'), provider,
            coalesce(country, ''),
            coalesce(sum(messages) filter (where submitter_id is not null), 0)::bigint,
            sum_pairs(array_agg(array[status::bigint, messages::bigint])),
            coalesce(sum_pairs(
                array_agg(array[outcome_id, messages::bigint])
                filter (where status in (5, 6, 7, 8) and outcome_id is not null)), '{}'),
            coalesce(sum_pairs(
                array_agg(array[delay::bigint, messages::bigint]) filter (where delay is not null)),
                '{}')
        from change
        group by provider, coalesce(country, '')
        on conflict (since, provider, country) do update set
            ours = known.ours + excluded.ours,
            statuses = sum_pairs(known.statuses || excluded.statuses),
            failures = case
                when excluded.failures = '{}' then known.failures
                else sum_pairs(known.failures || excluded.failures) end,
            delays = case
                when excluded.delays = '{}' then known.delays
                else sum_pairs(known.delays || excluded.delays) end
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

-- Adds ages of reports, which their receivers count in memory.
create function add_report_ages(
    sinces timestamptz[], providers smallint[], countries text[], classes bigint[], reports bigint[])
    returns void
    language sql
    security definer
as $$
    insert into traffic as known (since, provider, country, ages)
    select since, provider, country, sum_pairs(array_agg(array[class, count]))
    from unnest(sinces, providers, countries, classes, reports)
        as age (since, provider, country, class, count)
    group by since, provider, country
    -- In the order of the key, so that no two processes wait for each other.
    order by since, provider, country
    on conflict (since, provider, country) do update set
        ages = sum_pairs(known.ages || excluded.ages)
$$;

comment on function add_report_ages is 'Adds to traffic how old reports were.';

-- Drops a portion of the slots that nothing is compared with any more, and of the alarms of long ago; see
-- the others in 0006.
create function drop_old_traffic(most integer, out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
begin
    if not pg_try_advisory_xact_lock(7310873234) then return; end if;
    with gone as (
        delete from traffic
        where ctid = any(array(
            select ctid from traffic where since < now() - interval '9 days' limit most))
        returning true
    ),
    ended as (
        delete from alarm
        where id = any(array(
            select id from alarm where cleared_at < now() - interval '400 days' limit most))
        returning true
    )
    select (select count(*) from gone) + (select count(*) from ended) into seen;
    dropped := seen;
end
$$;

comment on function drop_old_traffic is 'Drops a portion of what traffic and alarm need no longer hold.';

revoke all on function add_report_ages, drop_old_traffic from public;

-- For the reasons see 0003, 0006 and 0017.
do $$
declare
    name text;
begin
    foreach name in array array['fold_statistics', 'add_report_ages', 'drop_old_traffic'] loop
        execute format(
            'alter function %I set search_path = %I, pg_temp', name, current_schema());
    end loop;
    execute 'alter function fold_statistics set jit = off';
end
$$;
