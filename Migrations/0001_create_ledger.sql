-- What the providers said, and what follows from it. See README.md, "How it is stored".

-- Raw archive: every authenticated callback, byte for byte. Partitioned by day, so that retention
-- drops a partition instead of deleting rows; no unique key, because an unsure commit is repeated.
create table callback (
    id          uuid        not null,
    received_at timestamptz not null,
    provider    smallint    not null,
    uri         text        not null,
    body        bytea       not null
) partition by range (received_at);

comment on table callback is 'Raw archive of authenticated callbacks; partitioned by day of received_at.';
comment on column callback.id is 'UUID version 7, made by the responder; report.callback_id points here.';
comment on column callback.uri is 'Path and query as the provider called them.';

-- Bodies repeat themselves: lz4 makes a batch of 20 reports a tenth of its size at a fifth of
-- pglz's time. A server built without lz4 keeps its default.
do $$
begin
    alter table callback alter column body set compression lz4;
exception when feature_not_supported then
    raise notice 'this server has no lz4; callback.body keeps the default compression';
end
$$;

-- Catches what comes for a day that has no partition yet; maintain_partitions() keeps it empty.
create table callback_default partition of callback default;

-- A provider's own words for a status and an error. Few, and the same for thousands of reports.
create table outcome (
    id                 bigint   primary key,
    provider           smallint not null,
    status_group_id    integer,
    status_group       text,
    status_id          integer,
    status_name        text,
    status_description text,
    error_group_id     integer,
    error_group        text,
    error_code         text,
    error_name         text,
    error_description  text,
    is_permanent       boolean
);

comment on table outcome is 'Dictionary of the providers'' words; rows are only ever added.';
comment on column outcome.id is 'Hash of all other columns, computed by the responder.';

-- The ledger. Append-only: the key makes a repeated report a no-op.
create table report (
    message_id    uuid        not null,
    fingerprint   bigint      not null,
    precedence    bigint      not null,
    outcome_id    bigint      not null,
    callback_id   uuid        not null,
    received_at   timestamptz not null,
    sent_at       timestamptz,
    done_at       timestamptz,
    segments      integer,
    provider      smallint    not null,
    status        smallint    not null,
    source        smallint    not null,
    price         numeric,
    currency      text,
    recipient     text,
    sender        text,
    bulk_id       text,
    callback_data text,
    network       text,
    attributes    jsonb,
    constraint report_pkey primary key (message_id, fingerprint),
    constraint report_status_known check (status between 1 and 9),
    constraint report_source_known check (source in (1, 2))
);

comment on table report is 'Every distinct report about every message, in the order of its message.';
comment on column report.fingerprint is 'Hash of the report''s content: equal for a repetition.';
comment on column report.precedence is 'The greatest one decides the message''s status.';
comment on column report.outcome_id is 'outcome.id; no foreign key, because a check a row costs more than it guards.';
comment on column report.source is '1: callback; 2: we asked the provider.';
comment on column report.attributes is 'What the provider gave and no column holds.';

-- One row a message. precedence and fingerprint name the report that decides.
create table message (
    id                  uuid        not null,
    precedence          bigint      not null,
    fingerprint         bigint      not null,
    created_at          timestamptz not null,
    updated_at          timestamptz not null,
    provider            smallint    not null,
    status              smallint    not null,
    is_ours             boolean     not null default false,
    is_key_derived      boolean     not null default true,
    provider_message_id text,
    recipient           text,
    sender              text,
    constraint message_pkey primary key (id),
    constraint message_status_known check (status between 1 and 9)
) with (fillfactor = 85);

comment on table message is 'One row a message: its current status.';
comment on column message.id is 'Version 7 if sent by us; version 8, a digest of provider and provider_message_id, if a report came first.';
comment on column message.is_key_derived is 'Whether id follows from provider and provider_message_id; not so where the callback''s URL holds our id.';
comment on column message.is_ours is 'Whether we sent it; otherwise only reports tell of it.';

-- Every other message is found by its key, which follows from the provider's id.
create index message_provider_id on message (provider, provider_message_id)
    where not is_key_derived;

-- Counts by hour, so that no total is ever counted over a big table. A writer has a shard of its
-- own, so that two of them never wait for one row.
create table tally (
    hour       timestamptz not null,
    outcome_id bigint      not null,
    status     smallint    not null,
    provider   smallint    not null,
    shard      smallint    not null,
    reports    bigint      not null,
    constraint tally_pkey primary key (hour, provider, status, outcome_id, shard)
) with (fillfactor = 50);

comment on table tally is 'Distinct reports by hour of arrival, provider, status and the provider''s words; sum over shards.';

-- What an authenticated provider sent and nobody could read, or PostgreSQL would not take.
create table quarantine (
    id          bigint      generated always as identity primary key,
    received_at timestamptz not null,
    callback_id uuid        not null,
    provider    smallint    not null,
    reason      text        not null,
    place       text        not null,
    detail      text        not null,
    excerpt     bytea       not null
);

comment on table quarantine is 'Unreadable parts of authenticated callbacks, with the reason; bounded by maintain_partitions().';
