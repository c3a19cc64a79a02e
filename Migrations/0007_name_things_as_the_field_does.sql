-- One request of POST /v1/messages is a send request: a call is a voice call in this field. What a
-- status query found out was recovered, not healed.
alter table send_call rename to send_request;
alter table send_request rename constraint send_call_pkey to send_request_pkey;
alter table send_request rename constraint send_call_encoding_known to send_request_encoding_known;
alter table message rename column call_id to send_request_id;
alter table outbox rename column call_id to send_request_id;
alter table dead_letter rename column call_id to send_request_id;
alter table provider_state rename column healed to recovered;

comment on table send_request is 'One request that sends a text to one or more recipients.';
comment on column send_request.give_up_at is 'When nobody tries any more to submit the messages to a provider.';
comment on column message.send_request_id is 'send_request.id, of a message that we send.';
comment on table outcome is 'Dictionary of the providers'' statuses and errors as they wrote them; rows are only ever added.';
comment on column outbox.state is '1: ready to be leased at due_at; 2: leased until due_at; 3: unsure whether a provider has it, asked at due_at; 4: a provider has it, asked for its final status at due_at.';
comment on table tally is 'Distinct reports by hour of arrival, provider, status and outcome; sum over shards.';
comment on table idempotency_key is 'Send requests by their Idempotency-Key; past 24 hours a key is as good as new.';
comment on column idempotency_key.digest is 'SHA-256 of what the send request asked for.';

-- Functions of the version before, which nobody calls now.
drop function grant_responder(name);
drop function grant_responder_0004(name);
drop function maintain_outbox(integer);
drop function maintain_partitions(integer, integer);
drop function drop_old_calls(integer, uuid, integer);

-- Send requests with their texts, once nothing happened to any of their messages for keep_days. The
-- messages of a send request were named in its millisecond, so that their key finds them.
create function drop_old_send_requests(
    keep_days integer, after uuid, most integer,
    out seen bigint, out dropped bigint, out last uuid)
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
    if not pg_try_advisory_xact_lock(7310873227) then return; end if;
    with portion as materialized (
        select id, (left(id::text, 13) || '-0000-0000-000000000000')::uuid as first_message,
            (left(id::text, 13) || '-ffff-ffff-ffffffffffff')::uuid as last_message
        from send_request
        where id > after and id < last_id_before(past)
        order by id
        limit most
    ),
    old as materialized (
        select id from portion
        where not exists (
                select from outbox
                where message_id between first_message and last_message
                  and send_request_id = portion.id)
          and not exists (
                select from message
                where message.id between first_message and last_message
                  and send_request_id = portion.id
                  and (updated_at >= past
                       or exists (select from event where event.message_id = message.id)
                       or exists (select from report where report.message_id = message.id
                                  and received_at >= past)))
    ),
    gone as (
        delete from send_request using old where send_request.id = old.id returning true
    )
    select (select count(*) from portion), (select count(*) from gone),
        (select id from portion order by id desc limit 1)
    into seen, dropped, last;
end
$$;

do $$
begin
    execute format(
        'alter function drop_old_send_requests set search_path = %I, pg_temp', current_schema());
end
$$;

revoke all on function drop_old_send_requests from public;

comment on function drop_old_send_requests is 'Drops a portion of the send requests whose messages are over for keep_days.';

create function grant_responder(responder name) returns void
    language plpgsql
    set search_path from current
as $$
begin
    execute format('grant usage on schema %I to %I', current_schema(), responder);
    execute format('grant select on schema_migration, outbox_count to %I', responder);
    execute format('grant select, insert on callback, outcome, report, quarantine to %I', responder);
    execute format('grant select, insert, update on message, tally, api_key to %I', responder);
    execute format('grant select, insert on send_request, event, dead_letter to %I', responder);
    execute format('grant select, insert, update, delete on outbox to %I', responder);
    execute format('grant select, insert, update on idempotency_key to %I', responder);
    execute format('grant select, update on provider_state to %I', responder);
    execute format(
        'grant execute on function recount_outbox, drop_old_keys, drop_old_events,
             drop_old_dead_letters, drop_old_send_requests, measure_quarantine, cut_quarantine,
             drop_old_quarantine, add_archive_partition, drop_archive_partition,
             drop_old_callbacks to %I', responder);
end
$$;

comment on function grant_responder is 'Gives the responder''s role its rights, and no others.';

revoke all on function grant_responder from public;
