-- Lets writers remember from when on all messages are there, instead of asking for it with every batch that
-- holds a report which is days old.

-- Adding a column without a rewrite, in a table of one row.
alter table ledger_floor add column moved_at timestamptz not null default 'epoch';

comment on column ledger_floor.moved_at is 'When `before` was changed last.';

-- The floor is moved first. What is below it is dropped when no writer can remember another one: the
-- program waits for that between the two.
create function move_ledger_floor(keep_days integer) returns bigint
    language plpgsql
    security definer
as $$
declare
    past timestamptz := retention_end(keep_days);
begin
    update ledger_floor
        set before = date_trunc('hour', past, 'UTC') + interval '1 hour', moved_at = clock_timestamp()
        where before < past;
    return (select extract(epoch from clock_timestamp() - moved_at) from ledger_floor);
end
$$;

comment on function move_ledger_floor is 'Moves the ledger''s floor to where messages are kept from; for how many seconds it has been where it is.';

create or replace function drop_old_messages(
    keep_days integer, most integer, out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
    set plan_cache_mode = force_custom_plan
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
as $$
declare
    past timestamptz := retention_end(keep_days);
begin
    if not pg_try_advisory_xact_lock(7310873231) then return; end if;
    if (select before from ledger_floor) < past then return; end if;
    with old as materialized (
        select id from message
        where created_at < past and updated_at < past
          and not exists (select from outbox where outbox.message_id = message.id)
          and not exists (select from report
                          where report.message_id = message.id and received_at >= past)
          and not exists (select from event
                          where event.message_id = message.id and at >= past)
        order by created_at
        limit most
        for update skip locked
    ),
    unreported as (
        delete from report using old where report.message_id = old.id
    ),
    untold as (
        delete from event using old where event.message_id = old.id
    ),
    unburied as (
        delete from dead_letter using old where dead_letter.message_id = old.id
    ),
    gone as (
        delete from message using old where message.id = old.id returning true
    )
    select count(*), count(*) from gone into seen, dropped;
end
$$;

revoke all on function move_ledger_floor, drop_old_messages from public;

-- For the reason see 0003.
do $$
declare
    name text;
begin
    foreach name in array array['move_ledger_floor', 'drop_old_messages'] loop
        execute format(
            'alter function %I set search_path = %I, pg_temp', name, current_schema());
    end loop;
end
$$;
