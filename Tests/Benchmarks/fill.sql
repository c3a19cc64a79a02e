-- Fills a migrated database, in which nothing is yet, for the benchmarks: 10 million messages with 20
-- million reports over the last 30 days, of which 7 million are our own, in 700,000 send requests.
-- Takes about five minutes and 10 GB. For its owner:
--
--   psql -v ON_ERROR_STOP=1 -v messages=10000000 "$MIGRATE_DATABASE_URL" -f Tests/Benchmarks/fill.sql
--
-- What is rare in it, for searches: see the end.

\if :{?messages}
\else
\set messages 10000000
\endif
\set days 30
\timing on

set synchronous_commit = off;
set maintenance_work_mem = '1GB';
set work_mem = '256MB';

-- Everything follows from a message's number, so that two fills are equal but for their end.
select floor(extract(epoch from now()) - 60)::bigint * 1000 as end_ms \gset

-- Traffic has days and nights: the middle of a day is nine times as busy as the middle of a night.
create function fill_ms(number bigint, messages bigint, days integer, end_ms bigint) returns bigint
language sql immutable
return floor(end_ms - 86400000.0 * days * (1 - (number::float8 / messages
    + 0.8 * sin(2 * pi() * days * number::float8 / messages) / (2 * pi() * days))))::bigint;

-- Between 0 and 1, the same for the same number and purpose.
create function fill_chance(number bigint, purpose integer) returns float8 language sql immutable
return (hashint8extended(number, purpose) & 1048575) / 1048576.0;

create function fill_id(ms bigint, digest text) returns uuid language sql immutable
return (lpad(to_hex(ms), 12, '0') || '7' || substr(digest, 1, 3) || '8' || substr(digest, 4, 15))::uuid;

create table fill_submitter as
select number, (array['key', 'key', 'key', 'user', 'command_line'])[1 + number % 5] as kind,
    md5('submitter ' || number)::uuid as id, 'submitter ' || number as name
from generate_series(0, 12) as number;

-- Indexes are built afterwards, which takes a quarter of the time.
create table fill_index as
select indrelid::regclass::text as table_name, indexrelid::regclass::text as index_name,
    (select conname from pg_constraint where conindid = indexrelid and contype = 'p') as key_name,
    case when indisprimary
        then format('alter table %s add constraint %I %s', indrelid::regclass,
            (select conname from pg_constraint where conindid = indexrelid and contype = 'p'),
            (select pg_get_constraintdef(oid) from pg_constraint
             where conindid = indexrelid and contype = 'p'))
        else pg_get_indexdef(indexrelid) end as definition
from pg_index where indrelid in ('message'::regclass, 'report'::regclass, 'event'::regclass);

do $$
declare
    old record;
begin
    if exists (select from message) then raise exception 'the database is not empty'; end if;
    for old in select * from fill_index loop
        if old.key_name is null then
            execute format('drop index %s', old.index_name);
        else
            execute format('alter table %s drop constraint %I', old.table_name, old.key_name);
        end if;
    end loop;
end
$$;

-- The providers' words: 2 for what is on its way, 1 for what was delivered, 40 errors of each provider,
-- the first of which are the common ones.
insert into outcome (
    id, provider, status_group_id, status_group, status_id, status_name, status_description,
    error_group_id, error_group, error_code, error_name, error_description, is_permanent)
select 1000 * provider + number, provider,
    case when number >= 10 then 2 when number = 2 then 3 else 1 end,
    case when number >= 10 then 'UNDELIVERABLE' when number = 2 then 'DELIVERED' else 'PENDING' end,
    number, 'STATUS_' || number, 'What the provider says of status ' || number,
    case when number >= 10 then 1 else 0 end,
    case when number >= 10 then 'HANDSET_ERRORS' else 'OK' end,
    case when number >= 10 then (provider * 100 + number)::text end,
    case when number >= 10 then 'EC_ERROR_' || number else 'NO_ERROR' end,
    case when number >= 10 then 'What the provider says of error ' || number else 'No Error' end,
    number % 2 = 0
from generate_series(1, 2) as provider,
    lateral (select generate_series(0, 2) as number union all select generate_series(10, 49)) as numbers
on conflict do nothing;

insert into send_request (
    id, accepted_at, give_up_at, validity_minutes, segments, encoding, is_pinned, sender, body,
    metadata, submitter_kind, submitter_id, submitter_name)
select fill_id(ms, md5('request ' || block)), to_timestamp(ms / 1000.0),
    to_timestamp(ms / 1000.0) + interval '2 days', null, 1, 'gsm-7', false,
    sender, 'Your order ' || block || ' is on its way.',
    case when fill_chance(block, 11) < 0.6 then
        format('{"campaign":"c%s","order":"o%s","vip":%s}',
            case when block = 300000 then 'rare' else (block % 50)::text end, block, (block % 7 = 0)::text) end,
    submitter.kind, submitter.id, submitter.name
from (
    select block, fill_ms(block * 10, :messages, :days, :end_ms) as ms,
        case when fill_chance(block, 12) < 0.9
            then 'Shop' || (block % 20) else '+4477009000' || (10 + block % 90) end as sender,
        -- Number 12 is somebody who sent but once, number 11 for an hour only.
        case when block = 123450 then 12 when block between 500000 and 500040 then 11
            else floor(11 * fill_chance(block, 13) ^ 3)::integer end as submitter
    from generate_series(0::bigint, :messages / 10 - 1) as block
    where block % 10 < 7
) as request
join fill_submitter as submitter on submitter.number = request.submitter;

insert into audit (
    at, principal_kind, principal_id, principal_name, action, object, detail, request_id, address)
select accepted_at, submitter_kind, submitter_id, submitter_name, 'message.send', id, '{"messages":"10"}',
    md5('http ' || id), '192.0.2.1'
from send_request order by id;

create unlogged table fill_message as
select number, is_ours, to_timestamp(ms / 1000.0) as at, ms,
    case when is_ours then fill_id(ms, digest)
        else (substr(digest, 1, 12) || '8' || substr(digest, 13, 3) || 'a' || substr(digest, 16, 15))::uuid
        end as id,
    case when is_ours then fill_id(ms, md5('request ' || number / 10)) end as send_request_id,
    (1 + (fill_chance(number, 1) < 0.3)::integer)::smallint as provider,
    -- 4 delivered, 5 undeliverable, 6 expired, 7 rejected, 8 failed, 3 sent, 9 unknown; 10 cancelled for
    -- a minute only, 11 partially delivered but once.
    (case when number = 7654321 then 11 when number between 4000000 and 4000040 and is_ours then 10
        else case
            when chance < 0.86 then 4 when chance < 0.92 then 5 when chance < 0.95 then 6
            when chance < 0.965 then 7 when chance < 0.97 then 8 when chance < 0.9999 then 3
            else 9 end
        end)::smallint as status,
    -- The 40th error occurs for an hour only.
    (case when number between 6000000 and 6012000 and fill_chance(number, 5) < 0.01 then 49
        else 10 + floor(39 * fill_chance(number, 6) ^ 4)::integer end) as error,
    case when number = 5555555 then '+6745571234' else
        (case when country < 0.4 then '+4477' when country < 0.6 then '+4915' when country < 0.7 then '+4179'
            when country < 0.8 then '+1202' when country < 0.9 then '+3361' when country < 0.99999
            then '+3932' else '+2982' end)
        || lpad((hashint8extended(number, 3) & 268435455)::text, 9, '0') end as recipient,
    case when number = 3333333 then 'OnlyOnce'
        when fill_chance(number / 10, 12) < 0.9 then 'Shop' || (number / 10 % 20)
        else '+4477009000' || (10 + number / 10 % 90) end as sender
from (
    select number, number / 10 % 10 < 7 as is_ours, fill_chance(number, 2) as chance,
        fill_chance(number, 4) as country,
        fill_ms(case when number / 10 % 10 < 7 then number / 10 * 10 else number end,
            :messages, :days, :end_ms) as ms,
        md5('message ' || number) as digest
    from generate_series(0::bigint, :messages - 1) as number
    offset 0
) as numbered;

insert into message (
    id, precedence, fingerprint, created_at, updated_at, provider, status, is_ours, is_key_derived,
    provider_message_id, recipient, sender, send_request_id, submitter_id, outcome_id, segments, delay,
    country, currency, price)
select fill_message.id, case when status = 3 then 1 else 4 end * 1000000000000000000 + number,
    hashint8extended(number, 7), at, at + interval '5 seconds', provider, status, is_ours,
    not (is_ours and provider = 2),
    case when is_ours and provider = 1 then fill_message.id::text
        else md5('name ' || number)::uuid::text end,
    recipient, fill_message.sender, send_request_id, request.submitter_id,
    case when status <> 10 then 1000 * provider
        + case when status = 3 then 1 when status in (4, 11) then 2 else error end end,
    1, case when status = 4 then 40 + number % 20 end,
    case substr(recipient, 2, 2) when '44' then 'GB' when '49' then 'DE' when '41' then 'CH' when '12' then 'US'
        when '33' then 'FR' when '39' then 'IT' when '29' then 'FO' else 'NR' end,
    case when status <> 10 then case when provider = 1 then 'EUR' else 'USD' end end,
    case when status <> 10 then 0.0075 end
from fill_message
left join send_request as request on request.id = send_request_id
order by number;

-- Two reports a message: on its way, and its fate.
insert into report (
    message_id, fingerprint, precedence, outcome_id, callback_id, received_at, sent_at, done_at,
    segments, provider, status, source, price, currency, recipient, sender, network)
select id, case when is_last then hashint8extended(number, 7) else hashint8extended(number, 8) end,
    case when is_last and status <> 3 then 4 else 1 end * 1000000000000000000
        + number - case when is_last then 0 else 1000 end,
    1000 * provider + case when not is_last then 0 when status = 3 then 1 when status in (4, 11) then 2
        else error end,
    fill_id(ms + case when is_last then 5000 else 2000 end, digest), arrived_at, at + interval '1 second',
    arrived_at - interval '100 milliseconds', 1, provider, case when not is_last then 3 when status = 11 then 4 else status end, 1,
    0.0075, case when provider = 1 then 'EUR' else 'USD' end, recipient, sender, '23415'
from (
    select *, at + case when is_last then interval '5 seconds' else interval '2 seconds' end
        as arrived_at, md5('callback ' || number / 20) as digest
    from fill_message, (values (false), (true)) as report (is_last)
    where status <> 10
    offset 0
) as report
order by number, is_last;

insert into event (message_id, at, precedence, kind, provider, attempt, status, code, detail)
select id, at + interval '1 second', 0, case when status = 10 then 12 else 1 end, provider, 1,
    case when status = 10 then 10 else 2 end, case when status = 10 then 'cancelled' end,
    case when status = 10 then 'Its sender cancelled it.' end
from fill_message where is_ours
order by number;

insert into tally (hour, outcome_id, status, provider, shard, reports)
select date_trunc('hour', received_at, 'UTC'), outcome_id, status, provider, 1, count(*)
from report group by 1, 2, 3, 4
order by 1, 4, 3, 2;

-- What the writers of reports would have counted: see 0017.
with message as not materialized (
    select *, date_trunc('hour', created_at, 'UTC') as hour from message
),
counted as materialized (
    select hour, 0::smallint as dimension, '' as value, '' as land, status, currency, delay,
        count(*) as messages, sum(segments) as segments, sum(price) as price
    from message group by hour, status, currency, delay
    union all
    select hour, 1::smallint, provider::text, '', status, currency, delay, count(*), sum(segments),
        sum(price)
    from message group by hour, provider, status, currency, delay
    union all
    select hour, 2::smallint, coalesce(outcome_id::text, ''), '', status, currency, delay, count(*),
        sum(segments), sum(price)
    from message group by hour, outcome_id, status, currency, delay
    union all
    select hour, 3::smallint, coalesce(country, ''), '', status, currency, delay, count(*),
        sum(segments), sum(price)
    from message group by hour, country, status, currency, delay
    union all
    select hour, 4::smallint, coalesce(left(sender, 100), ''), '', status, currency, delay, count(*),
        sum(segments), sum(price)
    from message group by hour, sender, status, currency, delay
    union all
    select hour, 5::smallint, coalesce(submitter_id::text, ''), '', status, currency, delay, count(*),
        sum(segments), sum(price)
    from message group by hour, submitter_id, status, currency, delay
    union all
    select hour, 6::smallint, coalesce(outcome_id::text, ''), coalesce(country, ''), status, currency,
        delay, count(*), sum(segments), sum(price)
    from message group by hour, outcome_id, country, status, currency, delay
    union all
    select hour, 7::smallint, status::text, '', status, currency, delay, count(*), sum(segments),
        sum(price)
    from message group by hour, status, currency, delay
),
summed as (
    select is_day, case when is_day then date_trunc('day', hour, 'UTC') else hour end as since,
        dimension, value, land, status, coalesce(currency, '') as currency, delay,
        sum(messages) as messages, sum(segments) as segments, sum(price) as price
    from counted, (values (false), (true)) as span (is_day)
    group by 1, 2, 3, 4, 5, 6, 7, 8
)
insert into statistic (
    is_day, since, dimension, value, country, currency, segments, price, statuses, delays)
select is_day, since, dimension, value, land, currency, coalesce(sum(segments), 0),
    coalesce(sum(price), 0), sum_pairs(array_agg(array[status::bigint, messages::bigint])),
    coalesce(sum_pairs(
        array_agg(array[delay::bigint, messages::bigint]) filter (where delay is not null)), '{}')
from summed
group by 1, 2, 3, 4, 5, 6;

-- Everything is counted here; a day after an update a search relies on it.
update schema_migration set applied_at = applied_at - interval '60 days' where version = 17;
delete from statistic_recount;

-- Raw callbacks, one in a thousand messages has its own.
insert into callback (id, received_at, provider, uri, body, content_type)
select callback_id, received_at, provider, '/callbacks/infobip',
    convert_to(format('{"results":[{"messageId":"%s"}]}', message_id), 'UTF8'), 'application/json'
from report where status = 4 and message_id > '00000000-0000-0000-0000-000000000000'
order by received_at
limit :messages / 1000;

do $$
declare
    old record;
begin
    for old in select * from fill_index order by key_name is null loop
        execute old.definition;
    end loop;
end
$$;

drop table fill_message, fill_index, fill_submitter;
drop function fill_ms, fill_chance, fill_id;

vacuum (analyze) message;
vacuum (analyze) report;
vacuum (analyze) send_request, send_request_term, event, outcome, tally, statistic,
    callback;

-- Rare: the status cancelled (a minute in the middle) and partially_delivered (once), unknown (one in
-- ten thousand); error 149 and 249 (an hour); the sender OnlyOnce; the submitters "submitter 12"
-- (once) and "submitter 11" (an hour); the numbers +674… (once) and +298… (one in 100,000); the
-- metadata campaign=rare (once) and order=o… (each once).
