-- What is to be sent, and what was tried. See README.md, "How it is sent".

-- One call of POST /v1/messages: what its messages have in common, kept once.
create table send_call (
    id               uuid        not null,
    accepted_at      timestamptz not null,
    send_at          timestamptz,
    give_up_at       timestamptz not null,
    validity_minutes integer,
    segments         smallint    not null,
    encoding         text        not null,
    is_pinned        boolean     not null,
    sender           text,
    body             text        not null,
    callback_data    text,
    metadata         text,
    constraint send_call_pkey primary key (id),
    constraint send_call_encoding_known check (encoding in ('gsm-7', 'ucs-2'))
);

comment on table send_call is 'One call that sends a text to one or more recipients.';
comment on column send_call.id is 'UUID version 7; a message''s id follows from it and the recipient.';
comment on column send_call.body is 'The text.';
comment on column send_call.metadata is 'The caller''s JSON object as it came: never looked into, and jsonb would refuse some.';
comment on column send_call.is_pinned is 'Whether the caller named the provider, so that no other one takes over.';
comment on column send_call.give_up_at is 'When nobody tries any more to put the messages to a provider.';

alter table message add column call_id uuid;
comment on column message.call_id is 'send_call.id, of a message that we send.';
alter table message drop constraint message_status_known;
alter table message add constraint message_status_known check (status between 1 and 11) not valid;

-- What is left to do for a message of ours: put it to a provider, ask whether it has it, or ask
-- for its fate. A row goes when nothing is left. Never big, so that it may be updated often.
create table outbox (
    message_id   uuid        not null,
    call_id      uuid        not null,
    due_at       timestamptz not null,
    give_up_at   timestamptz not null,
    attempted_at timestamptz,
    lease_id     uuid,
    dispatcher   integer,
    provider     smallint    not null,
    state        smallint    not null,
    attempts     smallint    not null default 0,
    checks       smallint    not null default 0,
    is_alone     boolean     not null default false,
    is_bound     boolean     not null,
    recipient    text        not null,
    constraint outbox_pkey primary key (message_id),
    constraint outbox_state_known check (state between 1 and 4),
    constraint outbox_lease_whole check (
        (state = 2) = (lease_id is not null) and (state = 2) = (dispatcher is not null))
) with (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000);

comment on table outbox is 'What is left to do for each message of ours.';
comment on column outbox.state is '1: ready to be leased at due_at; 2: leased until due_at; 3: unsure whether a provider has it, asked at due_at; 4: a provider has it, asked for its fate at due_at.';
comment on column outbox.provider is 'Whom it waits for, or who is or was last asked to send it.';
comment on column outbox.dispatcher is 'Who holds the lease; its advisory lock tells whether it lives.';
comment on column outbox.checks is 'How often the provider was asked in this state.';
comment on column outbox.is_alone is 'Goes out in a request of its own, since a whole request with it was refused.';
comment on column outbox.is_bound is 'No other provider may take over: the caller named this one, or it may have the message.';

-- Each step looks at few rows of a queue that may be long. Messages of one call stand together.
create index outbox_ready on outbox (provider, due_at, call_id, message_id) where state = 1;
create index outbox_leased on outbox (due_at) where state = 2;
create index outbox_check on outbox (provider, state, due_at) where state >= 3;
-- Plivo (2) can only be asked by number where it never told its name of a message.
create index outbox_recipient on outbox (recipient) where provider = 2 and state >= 2;

-- What we did about a message, for its timeline. Append-only.
create table event (
    message_id  uuid        not null,
    number      bigint      generated always as identity,
    at          timestamptz not null,
    precedence  bigint,
    kind        smallint    not null,
    provider    smallint,
    attempt     smallint,
    status      smallint,
    code        text,
    detail      text,
    constraint event_pkey primary key (message_id, number)
);

comment on table event is 'Every attempt to send a message, and what else we did about it.';
comment on column event.precedence is 'Counts against the reports'' when status is not null.';

-- Messages that nobody will try again.
create table dead_letter (
    message_id uuid        not null,
    at         timestamptz not null,
    call_id    uuid        not null,
    provider   smallint    not null,
    attempts   smallint    not null,
    recipient  text        not null,
    code       text        not null,
    reason     text        not null,
    constraint dead_letter_pkey primary key (message_id)
);

comment on table dead_letter is 'Messages that were given up, with the reason.';
create index dead_letter_at on dead_letter (at);

-- The answers of calls with an Idempotency-Key, for 24 hours.
create table idempotency_key (
    caller      bytea       not null,
    key         text        not null,
    created_at  timestamptz not null,
    digest      bytea       not null,
    status      smallint    not null,
    answer      bytea       not null,
    constraint idempotency_key_pkey primary key (caller, key)
);

comment on table idempotency_key is 'Calls by their Idempotency-Key; past 24 hours a key is as good as new.';
comment on column idempotency_key.caller is 'api_key.hash.';
comment on column idempotency_key.digest is 'SHA-256 of what the call asked for.';
create index idempotency_key_created_at on idempotency_key (created_at);

-- One row a provider: what dispatchers tell each other, and their counts.
create table provider_state (
    provider     smallint    not null,
    seen_at      timestamptz,
    stopped_at   timestamptz,
    stop_code    text,
    stop_reason  text,
    retry_at     timestamptz,
    allowance    double precision not null default 'infinity',
    refilled_at  timestamptz not null default now(),
    requests     bigint      not null default 0,
    accepted     bigint      not null default 0,
    refused      bigint      not null default 0,
    deferred     bigint      not null default 0,
    unanswered   bigint      not null default 0,
    dead_letters bigint      not null default 0,
    look_ups     bigint      not null default 0,
    healed       bigint      not null default 0,
    constraint provider_state_pkey primary key (provider)
) with (fillfactor = 50);

comment on table provider_state is 'One row a provider: who serves it, whether it is stopped, its rate and its counts.';
comment on column provider_state.allowance is 'Messages that may be leased at refilled_at: a token bucket over all dispatchers, cut to the burst when it is used.';

insert into provider_state (provider) values (1), (2);

-- Reports about one part of a long message.
alter table report add column part smallint, add column parts smallint;
alter table report add constraint report_part_within
    check (part between 1 and parts and parts <= 255) not valid;
comment on column report.part is 'Which of parts the report is about; null if about the whole message.';

-- Drops what sending leaves behind. Runs with its owner's rights; keep_days has the same floor as
-- that of maintain_partitions(). A run is bounded; the next one goes on.
create function maintain_outbox(keep_days integer) returns void
    language plpgsql
    security definer
as $$
declare
    past      timestamptz := now() - make_interval(days => keep_days);
    -- Identifiers of version 7 begin with their time, so that the keys find what is old.
    oldest_id uuid := (lpad(to_hex((extract(epoch from past) * 1000)::bigint), 12, '0')
                       || '70008000000000000000')::uuid;
begin
    if keep_days < 3 then
        raise exception 'events are kept for at least 3 days, not %', keep_days
            using errcode = 'invalid_parameter_value';
    end if;
    if not pg_try_advisory_xact_lock(7310873227) then
        return;
    end if;

    delete from idempotency_key where (caller, key) in (
        select old.caller, old.key from idempotency_key as old
        where old.created_at < now() - interval '24 hours' order by old.created_at limit 50000);
    delete from dead_letter where message_id in (
        select old.message_id from dead_letter as old
        where old.at < past order by old.at limit 100000);
    -- A message that still waits for something keeps its text and its story, however old it is.
    delete from event where (message_id, number) in (
        select old.message_id, old.number from event as old
        where old.message_id < oldest_id
          and not exists (select from outbox where outbox.message_id = old.message_id)
        order by old.message_id limit 500000);
    delete from send_call where id in (
        select old.id from send_call as old
        where old.id < oldest_id
          and not exists (select from outbox where outbox.call_id = old.id)
        order by old.id limit 100000);
end
$$;

-- For the reason see maintain_partitions().
do $$
begin
    execute format('alter function maintain_outbox set search_path = %I, pg_temp', current_schema());
end
$$;

comment on function maintain_outbox is
    'Drops idempotency keys past 24 hours, and dead letters, events and calls older than keep_days.';

revoke all on function maintain_outbox from public;

create or replace function grant_responder(responder name) returns void
    language plpgsql
    set search_path from current
as $$
begin
    execute format('grant usage on schema %I to %I', current_schema(), responder);
    execute format('grant select on schema_migration to %I', responder);
    execute format('grant select, insert on callback, outcome, report, quarantine to %I', responder);
    execute format('grant select, insert, update on message, tally, api_key to %I', responder);
    execute format('grant select, insert on send_call, event, dead_letter to %I', responder);
    execute format('grant select, insert, update, delete on outbox to %I', responder);
    execute format('grant select, insert, update on idempotency_key to %I', responder);
    execute format('grant select, update on provider_state to %I', responder);
    execute format('grant execute on function maintain_partitions, maintain_outbox to %I', responder);
end
$$;
