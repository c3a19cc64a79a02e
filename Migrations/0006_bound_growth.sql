-- Retention in small batches, a quarantine with a bound, and looks at the outbox that stay quick
-- however long it is. See README.md, "Run it".

-- In full and at once, so that no weaker lock has to be raised later. Sending waits until the end
-- of this file, about two seconds for each million messages in the outbox; callbacks never use it.
lock table outbox in access exclusive mode;

-- By holder first: whose dispatcher is gone is found without a look at the others' leases.
drop index outbox_leased;
create index outbox_leased on outbox (dispatcher, due_at) where state = 2;
-- An expression that leasing does not use, and the provider last: else a plan without statistics
-- takes this index to lease, and sorts all that waits.
create index outbox_late on outbox ((give_up_at at time zone 'UTC'), provider) where state = 1;
-- What another provider may take over, however many may not be.
create index outbox_free on outbox (provider, due_at, call_id, message_id)
    where state = 1 and not is_bound;

-- How many messages wait, by provider and state: the sum over its rows is exact as of any moment.
-- Rows are added and summed up, never updated, so that no two senders wait for each other.
create table outbox_count (
    provider smallint not null,
    state    smallint not null,
    messages bigint   not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

comment on table outbox_count is 'How many rows outbox has by provider and state, kept by a trigger; sum over the rows.';

insert into outbox_count select provider, state, count(*) from outbox group by provider, state;

-- Adds what a statement changed, and now and then makes one row of many.
create function count_outbox() returns trigger
    language plpgsql
    security definer
as $$
begin
    case tg_op
        when 'INSERT' then
            insert into outbox_count
            select provider, state, count(*) from new_rows group by provider, state;
        when 'DELETE' then
            insert into outbox_count
            select provider, state, -count(*) from old_rows group by provider, state;
        when 'UPDATE' then
            insert into outbox_count
            select provider, state, sum(change)
            from (select provider, state, 1 as change from new_rows
                  union all select provider, state, -1 from old_rows) as changed
            group by provider, state
            having sum(change) <> 0;
        else
            delete from outbox_count;
            return null;
    end case;
    if random() < 0.01 then
        with taken as (
            delete from outbox_count
            where ctid = any(array(
                select ctid from outbox_count limit 1000 for update skip locked))
            returning provider, state, messages
        )
        insert into outbox_count
        select provider, state, sum(messages) from taken
        group by provider, state
        having sum(messages) <> 0;
    end if;
    return null;
end
$$;

create trigger count_inserted after insert on outbox
    referencing new table as new_rows for each statement execute function count_outbox();
create trigger count_updated after update on outbox
    referencing old table as old_rows new table as new_rows
    for each statement execute function count_outbox();
create trigger count_deleted after delete on outbox
    referencing old table as old_rows for each statement execute function count_outbox();
create trigger count_truncated after truncate on outbox
    for each statement execute function count_outbox();

-- Mends the counts after what passes by triggers, such as a replica's role; true if they were off.
-- One statement sees both tables as of one moment, so that the difference holds for any later one.
create function recount_outbox() returns boolean
    language plpgsql
    security definer
as $$
begin
    insert into outbox_count
    select provider, state, coalesce(waiting.messages, 0) - coalesce(counted.messages, 0)
    from (select provider, state, count(*) as messages from outbox group by provider, state)
        as waiting
    full join (
        select provider, state, sum(messages) as messages from outbox_count
        group by provider, state) as counted using (provider, state)
    where coalesce(waiting.messages, 0) <> coalesce(counted.messages, 0);
    return found;
end
$$;

-- Retention. Each function takes one portion in the order of a key, and says how many rows it saw,
-- how many it dropped, and where the next portion begins; null if somebody else is at it. The
-- caller goes on until fewer are seen than were asked for. keep_days has a floor, so that whoever
-- holds the responder's password cannot erase anything young with it.
--
-- event is not partitioned by day: its rows are read by message, a message's lie up to half a year
-- apart and go together, and moving millions of rows would lock the table for minutes.

create function retention_end(keep_days integer) returns timestamptz
    language plpgsql
    stable
as $$
begin
    if keep_days < 3 then
        raise exception 'what happened is kept for at least 3 days, not %', keep_days
            using errcode = 'invalid_parameter_value';
    end if;
    return now() - make_interval(days => keep_days);
end
$$;

-- Identifiers of version 7 begin with their time: none that was made by then is greater.
create function last_id_before(at timestamptz) returns uuid
    language sql
    immutable
    return (lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0')
            || '70008000000000000000')::uuid;

-- Answers to calls with an Idempotency-Key, past 24 hours.
create function drop_old_keys(
    most integer, out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
begin
    if not pg_try_advisory_xact_lock(7310873227) then return; end if;
    with old as (
        delete from idempotency_key
        where ctid = any(array(
            select ctid from idempotency_key
            where created_at < now() - interval '24 hours'
            order by created_at
            limit most
            for update skip locked))
        returning true
    )
    select count(*), count(*) from old into seen, dropped;
end
$$;

-- Events of messages to which nothing happened for keep_days: all of a message or none. One that
-- still waits for something keeps them, however old it is.
create function drop_old_events(
    keep_days integer, after uuid, most integer,
    out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
declare
    past timestamptz := retention_end(keep_days);
begin
    if not pg_try_advisory_xact_lock(7310873227) then return; end if;
    with portion as materialized (
        select message_id from event
        where message_id > after and message_id < last_id_before(past)
        order by message_id
        limit most
    ),
    candidate as materialized (select distinct message_id from portion),
    old as materialized (
        select message_id from candidate
        where not exists (select from outbox where outbox.message_id = candidate.message_id)
          and not exists (select from message
                          where message.id = candidate.message_id and updated_at >= past)
          and not exists (select from event
                          where event.message_id = candidate.message_id and at >= past)
          and not exists (select from report
                          where report.message_id = candidate.message_id and received_at >= past)
    ),
    gone as (
        delete from event using old where event.message_id = old.message_id returning true
    )
    select (select count(*) from portion), (select count(*) from gone),
        (select message_id from candidate order by message_id desc limit 1)
    into seen, dropped, last;
end
$$;

-- Dead letters go after the events of their messages.
create function drop_old_dead_letters(
    keep_days integer, after uuid, most integer,
    out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
declare
    past timestamptz := retention_end(keep_days);
begin
    if not pg_try_advisory_xact_lock(7310873227) then return; end if;
    with portion as materialized (
        select message_id, at from dead_letter
        where message_id > after and message_id < last_id_before(past)
        order by message_id
        limit most
    ),
    gone as (
        delete from dead_letter using portion
        where dead_letter.message_id = portion.message_id and portion.at < past
          and not exists (select from outbox where outbox.message_id = portion.message_id)
          and not exists (select from event where event.message_id = portion.message_id)
        returning true
    )
    select (select count(*) from portion), (select count(*) from gone),
        (select message_id from portion order by message_id desc limit 1)
    into seen, dropped, last;
end
$$;

-- Calls with their texts, once nothing happened to any of their messages for keep_days. The
-- messages of a call were named in its millisecond, so that their key finds them.
create function drop_old_calls(
    keep_days integer, after uuid, most integer,
    out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
declare
    past timestamptz := retention_end(keep_days);
begin
    if not pg_try_advisory_xact_lock(7310873227) then return; end if;
    with portion as materialized (
        select id, (left(id::text, 13) || '-0000-0000-000000000000')::uuid as first_message,
            (left(id::text, 13) || '-ffff-ffff-ffffffffffff')::uuid as last_message
        from send_call
        where id > after and id < last_id_before(past)
        order by id
        limit most
    ),
    old as materialized (
        select id from portion
        where not exists (
                select from outbox
                where message_id between first_message and last_message and call_id = portion.id)
          and not exists (
                select from message
                where message.id between first_message and last_message
                  and call_id = portion.id
                  and (updated_at >= past
                       or exists (select from event where event.message_id = message.id)
                       or exists (select from report where report.message_id = message.id
                                  and received_at >= past)))
    ),
    gone as (
        delete from send_call using old where send_call.id = old.id returning true
    )
    select (select count(*) from portion), (select count(*) from gone),
        (select id from portion order by id desc limit 1)
    into seen, dropped, last;
end
$$;

-- The quarantine holds at most 100,000 rows and 256 MiB; a share of it for each reason.

create table quarantine_floor (
    reason     text   not null,
    first_kept bigint not null,
    constraint quarantine_floor_pkey primary key (reason)
);

comment on table quarantine_floor is 'Of each reason, the oldest row of quarantine that is kept.';

-- The newest row of every reason counts before the second newest of any: a flood of one reason
-- pushes out its own rows only.
create function measure_quarantine() returns void
    language plpgsql
    security definer
as $$
begin
    if not pg_try_advisory_xact_lock(7310873228) then return; end if;
    delete from quarantine_floor;
    insert into quarantine_floor
    select reason, coalesce(min(id) filter (where is_kept), max(id) + 1)
    from (
        select reason, id,
            row_number() over kept <= 100000 and sum(bytes) over kept <= 268435456 as is_kept
        from (
            select reason, id,
                octet_length(excerpt) + octet_length(place) + octet_length(detail) + 100 as bytes,
                row_number() over (partition by reason order by id desc) as place_in_reason
            from quarantine
        ) as numbered
        window kept as (order by place_in_reason, id desc rows unbounded preceding)
    ) as measured
    group by reason;
end
$$;

create function cut_quarantine(
    most integer, out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
begin
    if not pg_try_advisory_xact_lock(7310873228) then return; end if;
    with gone as (
        delete from quarantine
        where id = any(array(
            select id from quarantine
            join quarantine_floor using (reason)
            where id < first_kept
            order by id
            limit most))
        returning true
    )
    select count(*), count(*) from gone into seen, dropped;
end
$$;

create function drop_old_quarantine(
    keep_days integer, most integer, out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
declare
    past timestamptz := retention_end(keep_days);
begin
    if not pg_try_advisory_xact_lock(7310873228) then return; end if;
    with gone as (
        delete from quarantine
        where id = any(array(
            select id from quarantine where received_at < past order by id limit most))
        returning true
    )
    select count(*), count(*) from gone into seen, dropped;
end
$$;

-- The archive's partitions, one at a call, so that no lock is held for another one's sake. Callbacks
-- wait behind whoever waits for a lock: not for long.

-- Makes the first one that is missing of the days to come; false if none is.
create function add_archive_partition(days_ahead integer) returns boolean
    language plpgsql
    security definer
    set lock_timeout = '100ms'
as $$
declare
    today date := (now() at time zone 'UTC')::date;
    day   date;
    name  text;
    lower timestamptz;
    upper timestamptz;
begin
    if not pg_try_advisory_xact_lock(7310873226) then return false; end if;
    for offset_days in -1 .. least(days_ahead, 60) loop
        day := today + offset_days;
        name := 'callback_' || to_char(day, 'YYYYMMDD');
        continue when to_regclass(quote_ident(name)) is not null;
        lower := day::timestamp at time zone 'UTC';
        upper := (day + 1)::timestamp at time zone 'UTC';
        -- Made apart and attached, after what the default partition caught has moved over. Attaching
        -- locks the default partition and lets callbacks of the other days pass.
        execute format(
            'create table %I (like callback including defaults including storage including compression)',
            name);
        execute format(
            'with caught as (delete from callback_default
                             where received_at >= %L and received_at < %L returning *)
             insert into %I select * from caught', lower, upper, name);
        -- What was caught meanwhile, with nobody adding more: else attaching would find it and fail.
        lock table callback_default in access exclusive mode;
        execute format(
            'with caught as (delete from callback_default
                             where received_at >= %L and received_at < %L returning *)
             insert into %I select * from caught', lower, upper, name);
        execute format(
            'alter table callback attach partition %I for values from (%L) to (%L)',
            name, lower, upper);
        return true;
    end loop;
    return false;
end
$$;

-- Empties the oldest one past its time, which locks only that one; at the next call drops it, which
-- locks all of callback for a moment. False if there is none.
create function drop_archive_partition(keep_days integer) returns boolean
    language plpgsql
    security definer
    set lock_timeout = '100ms'
as $$
declare
    past date := (retention_end(keep_days) at time zone 'UTC')::date;
    old  regclass;
begin
    if not pg_try_advisory_xact_lock(7310873226) then return false; end if;
    select child.oid from pg_inherits
    join pg_class as child on child.oid = inhrelid
    where inhparent = 'callback'::regclass
      and child.relname ~ '^callback_[0-9]{8}$'
      and to_date(substr(child.relname, 10), 'YYYYMMDD') < past
    order by child.relname
    limit 1
    into old;
    if old is null then return false; end if;
    if pg_relation_size(old) > 0 then
        execute format('truncate %s', old);
    else
        execute format('drop table %s', old);
    end if;
    return true;
end
$$;

create function drop_old_callbacks(
    keep_days integer, most integer, out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
declare
    past timestamptz := retention_end(keep_days);
begin
    if not pg_try_advisory_xact_lock(7310873226) then return; end if;
    with gone as (
        delete from callback_default
        where ctid = any(array(
            select ctid from callback_default where received_at < past limit most))
        returning true
    )
    select count(*), count(*) from gone into seen, dropped;
end
$$;

-- What a responder of the version before calls until it is restarted.

create or replace function maintain_partitions(days_ahead integer, keep_days integer) returns void
    language plpgsql
    security definer
as $$
begin
    perform retention_end(keep_days);
    while add_archive_partition(days_ahead) loop end loop;
    while drop_archive_partition(keep_days) loop end loop;
    perform drop_old_quarantine(keep_days, 10000);
end
$$;

create or replace function maintain_outbox(keep_days integer) returns void
    language plpgsql
    security definer
as $$
declare
    first uuid := '00000000-0000-0000-0000-000000000000';
begin
    perform drop_old_keys(10000);
    perform drop_old_events(keep_days, first, 10000);
    perform drop_old_dead_letters(keep_days, first, 10000);
    perform drop_old_calls(keep_days, first, 10000);
end
$$;

-- For the reason see 0003. The portions are small and their keys are indexed: a plan from before the
-- tables grew would read them whole.
do $$
declare
    name text;
begin
    foreach name in array array[
        'count_outbox', 'recount_outbox', 'drop_old_keys', 'drop_old_events',
        'drop_old_dead_letters', 'drop_old_calls', 'measure_quarantine', 'cut_quarantine',
        'drop_old_quarantine', 'add_archive_partition', 'drop_archive_partition',
        'drop_old_callbacks', 'maintain_partitions', 'maintain_outbox']
    loop
        execute format(
            'alter function %I set search_path = %I, pg_temp', name, current_schema());
        execute format('revoke all on function %I from public', name);
        continue when name not like 'drop_old_%';
        execute format('alter function %I set plan_cache_mode = force_custom_plan', name);
        execute format('alter function %I set enable_seqscan = off', name);
        execute format('alter function %I set enable_hashjoin = off', name);
        execute format('alter function %I set enable_mergejoin = off', name);
        execute format('alter function %I set jit = off', name);
    end loop;
    execute 'alter function measure_quarantine set work_mem = ''64MB''';
end
$$;

revoke all on function retention_end, last_id_before from public;

comment on function count_outbox is 'Keeps outbox_count.';
comment on function recount_outbox is 'Mends outbox_count; true if it was off.';
comment on function retention_end is 'What happened last before this moment is dropped.';
comment on function last_id_before is 'The identifier that ends those made before a moment.';
comment on function drop_old_keys is 'Drops a portion of the idempotency keys past 24 hours.';
comment on function drop_old_events is 'Drops a portion of the events of messages that are over for keep_days.';
comment on function drop_old_dead_letters is 'Drops a portion of the dead letters older than keep_days.';
comment on function drop_old_calls is 'Drops a portion of the calls whose messages are over for keep_days.';
comment on function measure_quarantine is 'Finds what of quarantine is within its bounds.';
comment on function cut_quarantine is 'Drops a portion of what measure_quarantine() found to be too much.';
comment on function drop_old_quarantine is 'Drops a portion of quarantine older than keep_days.';
comment on function add_archive_partition is 'Makes one partition of callback that is missing.';
comment on function drop_archive_partition is 'Empties or drops one partition of callback older than keep_days.';
comment on function drop_old_callbacks is 'Drops a portion of what the default partition of callback holds for longer than keep_days.';
comment on function maintain_partitions is 'Of the version before: see add_archive_partition() and drop_archive_partition().';
comment on function maintain_outbox is 'Of the version before: see drop_old_events() and the others.';

-- The rights of before, and those of this file.
alter function grant_responder(name) rename to grant_responder_0004;

create function grant_responder(responder name) returns void
    language plpgsql
    set search_path from current
as $$
begin
    perform grant_responder_0004(responder);
    execute format('grant select on outbox_count to %I', responder);
    execute format(
        'grant execute on function recount_outbox, drop_old_keys, drop_old_events,
             drop_old_dead_letters, drop_old_calls, measure_quarantine, cut_quarantine,
             drop_old_quarantine, add_archive_partition, drop_archive_partition,
             drop_old_callbacks to %I', responder);
end
$$;

comment on function grant_responder_0004 is 'The rights that migration 0004 knows of.';
comment on function grant_responder is 'Gives the responder''s role its rights, and no others.';

revoke all on function grant_responder from public;
