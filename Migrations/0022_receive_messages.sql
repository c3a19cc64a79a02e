-- Messages from people, and who must get no more.

-- One row a message. Its key follows from provider and provider_message_id, so a repetition changes
-- nothing. On the way of a callback there is only the insert: what else it causes is done soon after,
-- by whoever takes the row (see followed_at).
create table inbound (
    id                  uuid        not null,
    provider            smallint    not null,
    provider_message_id text        not null,
    kind                smallint    not null,
    source              smallint    not null,
    callback_id         uuid        not null,
    at                  timestamptz not null,
    received_at         timestamptz not null,
    sent_at             timestamptz,
    sender              text,
    recipient           text,
    body                text,
    keyword             text,
    media               text[],
    media_types         text[],
    parts               integer,
    price               numeric,
    currency            text,
    intent              smallint,
    asks_for_help       boolean     not null,
    attributes          jsonb,
    message_id          uuid,
    followed_at         timestamptz,
    constraint inbound_pkey primary key (id),
    constraint inbound_kind_known check (kind between 1 and 3),
    constraint inbound_source_known check (source in (1, 2)),
    constraint inbound_intent_known check (intent between 1 and 3),
    constraint inbound_media_whole check (cardinality(media) = cardinality(media_types))
);

comment on table inbound is 'Messages that people sent to our numbers.';
comment on column inbound.id is 'UUID version 8: a digest of provider and provider_message_id.';
comment on column inbound.kind is '1: SMS; 2: MMS; 3: of another channel.';
comment on column inbound.source is '1: a callback; 2: the provider''s list, asked because a callback may be lost.';
comment on column inbound.callback_id is 'The archived callback that brought it first.';
comment on column inbound.at is 'By the provider''s clock if it gives a time, else received_at.';
comment on column inbound.sender is 'The person''s number.';
comment on column inbound.recipient is 'The number of ours.';
comment on column inbound.body is 'The text; null where there is none, or where the provider''s list does not have it.';
comment on column inbound.media is 'URLs of files at the provider; media_types has the type of each, - where it is not known.';
comment on column inbound.intent is 'What the provider takes it for. 1: opt-out; 2: opt-in; 3: help.';
comment on column inbound.asks_for_help is 'Whether it is one of the words for help.';
comment on column inbound.message_id is 'The last message to that number from that sender before it.';
comment on column inbound.followed_at is 'When what it causes was done: the link, the events, the answer. Null until then.';

create index inbound_place on inbound (at, id);
create index inbound_sender on inbound (sender, at, id);
create index inbound_words on inbound using gin (to_tsvector('simple', coalesce(body, '')));
create index inbound_unfollowed on inbound (received_at) where followed_at is null;

-- Statements that somebody is out or in; append-only. Which one holds follows from their times.
create table opt_out (
    id             uuid        not null,
    recipient      text        not null,
    sender         text,
    is_out         boolean     not null,
    source         smallint    not null,
    provider       smallint,
    at             timestamptz not null,
    recorded_at    timestamptz not null,
    inbound_id     uuid,
    message_id     uuid,
    callback_id    uuid,
    detail         text,
    principal_kind text,
    principal_id   uuid,
    principal_name text,
    constraint opt_out_pkey primary key (id),
    constraint opt_out_source_known check (source between 1 and 5),
    constraint opt_out_operator_known check ((source = 5) = (principal_id is not null))
);

comment on table opt_out is 'Who must get no messages: statements that somebody is out or in, of which the latest holds. A person''s cannot lift an operator''s.';
comment on column opt_out.id is 'Follows from the cause, so that a repetition changes nothing; version 7 for an operator''s.';
comment on column opt_out.recipient is 'The number; once it was erased, # and the SHA-256 of it.';
comment on column opt_out.sender is 'The sender that it is about; null for all.';
comment on column opt_out.source is '1: a word in a message; 2: the provider''s reading of a message; 3: an event of the provider; 4: the error of a status report; 5: an operator.';
comment on column opt_out.at is 'When it was said, by the provider''s clock if it gives a time.';

create index opt_out_recipient on opt_out (recipient, at);
create index opt_out_place on opt_out (recorded_at, id);

-- A confirmation of STOP, and an answer to HELP, go out although the number is out.
alter table send_request add column ignores_opt_out boolean not null default false;
comment on column send_request.ignores_opt_out is 'Whether it is sent although its recipient has opted out: our own answers to STOP and HELP.';

comment on column status_change.causes is '1: callback; 2: status query; 3: what we did ourselves; 4: no change, but a message from a person, whose id stands in messages.';

-- Drops a portion, the oldest first; see the others in 0006.
create function drop_old_inbound(
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
    if not pg_try_advisory_xact_lock(7310873235) then return; end if;
    with old as materialized (
        select id from inbound where at < past and received_at < past
        order by at limit most
        for update skip locked
    ),
    gone as (
        delete from inbound using old where inbound.id = old.id returning true
    )
    select count(*), count(*) from gone into seen, dropped;
end
$$;

comment on function drop_old_inbound is 'Drops a portion of the messages from people older than keep_days.';

revoke all on function drop_old_inbound from public;

-- For the reason see 0003.
do $$
begin
    execute format(
        'alter function drop_old_inbound set search_path = %I, pg_temp', current_schema());
end
$$;
