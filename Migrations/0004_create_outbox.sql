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
    metadata         jsonb,
    constraint send_call_pkey primary key (id),
    constraint send_call_encoding_known check (encoding in ('gsm-7', 'ucs-2'))
);

comment on table send_call is 'One call that sends a text to one or more recipients.';
comment on column send_call.id is 'UUID version 7; a message''s id follows from it and the recipient.';
comment on column send_call.body is 'The text.';
comment on column send_call.is_pinned is 'Whether the caller named the provider, so that no other one takes over.';
comment on column send_call.give_up_at is 'When nobody tries any more to put the messages to a provider.';

alter table message add column call_id uuid;
comment on column message.call_id is 'send_call.id, of a message that we send.';
alter table message drop constraint message_status_known;
alter table message add constraint message_status_known check (status between 1 and 11) not valid;

-- What is left to do for a message of ours: put it to a provider, ask whether it has it, or ask
-- for its fate. A row goes when nothing is left. Never big, so that it may be updated often.
create table outbox (
    message_id          uuid        not null,
    call_id             uuid        not null,
    due_at              timestamptz not null,
    attempted_at        timestamptz,
    lease_id            uuid,
    dispatcher          integer,
    provider            smallint    not null,
    state               smallint    not null,
    attempts            smallint    not null default 0,
    checks              smallint    not null default 0,
    is_alone            boolean     not null default false,
    recipient           text        not null,
    provider_message_id text,
    constraint outbox_pkey primary key (message_id),
    constraint outbox_state_known check (state between 1 and 4),
    constraint outbox_lease_whole check ((state = 2) = (lease_id is not null))
) with (fillfactor = 70);

comment on table outbox is 'What is left to do for each message of ours.';
comment on column outbox.state is '1: ready to be leased at due_at; 2: leased until due_at; 3: unsure whether a provider has it, asked at due_at; 4: a provider has it, asked for its fate at due_at.';
comment on column outbox.dispatcher is 'Who holds the lease; its advisory lock tells whether it lives.';
comment on column outbox.checks is 'How often the provider was asked in this state.';
comment on column outbox.is_alone is 'Goes out in a request of its own, since a whole request with it was refused.';

create index outbox_due on outbox (provider, state, due_at);

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
    allowance    double precision not null default 0,
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
comment on column provider_state.allowance is 'Messages that may be leased at refilled_at: a token bucket over all dispatchers.';

insert into provider_state (provider) values (1), (2);

-- Reports about one part of a long message.
alter table report add column part smallint, add column parts smallint;
alter table report add constraint report_part_within
    check (part between 1 and parts and parts <= 255) not valid;
comment on column report.part is 'Which of parts the report is about; null if about the whole message.';
