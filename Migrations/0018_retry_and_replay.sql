-- What sending messages again and reading callbacks again needs.
--
-- New columns without a rewrite, and indexes of two small tables: dead letters are written where a
-- message is given up, and the quarantine holds 100,000 rows at most. Nothing here is on the way of a
-- callback that can be read.

-- Lists are read along this one, the newest first.
create index dead_letter_place on dead_letter (at, message_id);
drop index dead_letter_at;
create index dead_letter_send_request on dead_letter (send_request_id, at, message_id);

-- Why a message that was given up cannot be sent again; null if it can. What a provider reported other
-- than a refusal or a failure shows that the message went out.
create function retry_refusal(letter uuid) returns text
    language sql
    stable
as $$
    select case
        when exists (select from outbox where outbox.message_id = letter) then 'under_way'
        when exists (select from report where report.message_id = letter
                     and report.status not in (7, 8)) then 'reported'
        when not exists (
            select from message join send_request on send_request.id = message.send_request_id
            where message.id = letter) then 'text_gone'
        when not exists (
            select from message where message.id = letter and message.status in (6, 7, 8, 9))
            then 'settled'
    end
$$;

comment on function retry_refusal is 'Why a message cannot be sent again; null if it can.';

-- What authenticates a callback, so that a replay can do that again. It may hold credentials: only the
-- role that replays reads them, and no answer shows them.
alter table quarantine
    add column credentials      text,
    add column is_authenticated boolean not null default true,
    add column body_bytes       integer;

comment on table quarantine is 'Parts of callbacks that could not be read or stored, with the reason; and, where that is set, callbacks that failed authentication. Bounded by cut_quarantine().';
comment on column quarantine.credentials is 'The URI as it was called and the headers that authenticate the callback, a line for each. Secret. Null of rows from before this column, and of those that PostgreSQL refused.';
comment on column quarantine.is_authenticated is 'Whether the provider has proved itself; if not, the archive has nothing of the callback.';
comment on column quarantine.body_bytes is 'The length of the body, where excerpt is the body and the archive does not have it; excerpt may be cut.';

create index quarantine_callback_id on quarantine (callback_id);

-- Where the ledger begins, once a part of it was dropped: a recount of what is before would be wrong.
create table ledger_floor (
    before timestamptz not null
);

comment on table ledger_floor is 'One row: messages that were over before may be gone with their reports; their counts stay.';

insert into ledger_floor (before) values ('-infinity');

-- Drops a portion of the messages that are over for keep_days, with their reports and events, the oldest
-- first; see the others in 0006. Counts by hour and day stay. A provider repeats a callback for two days
-- at most, so none comes for a message that is gone.
create function drop_old_messages(
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
    update ledger_floor set before = date_trunc('hour', past, 'UTC') + interval '1 hour'
        where before < past;
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

comment on function drop_old_messages is 'Drops a portion of the messages that are over for keep_days, with their reports and events.';

revoke all on function retry_refusal, drop_old_messages from public;

-- For the reason see 0003.
do $$
declare
    name text;
begin
    foreach name in array array['retry_refusal', 'drop_old_messages'] loop
        execute format(
            'alter function %I set search_path = %I, pg_temp', name, current_schema());
    end loop;
end
$$;
