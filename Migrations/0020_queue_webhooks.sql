-- Webhooks: where events are sent, the queue of their deliveries, and every attempt. See "Webhooks" in
-- the documentation.

create table webhook (
    id              uuid        not null,
    created_at      timestamptz not null default now(),
    updated_at      timestamptz not null default now(),
    state           smallint    not null default 1,
    origin          smallint    not null default 1,
    url             text        not null,
    description     text        not null default '',
    event_types     smallint[]  not null,
    statuses        smallint[],
    is_final_only   boolean     not null default false,
    providers       smallint[],
    countries       text[],
    submitters      uuid[],
    send_requests   uuid[],
    metadata        jsonb,
    rate            integer,
    concurrency     smallint    not null,
    headers         jsonb       not null default '{}',
    has_numbers     boolean     not null default false,
    disabled_at     timestamptz,
    disabled_reason text,
    constraint webhook_pkey primary key (id),
    constraint webhook_state_known check (state between 1 and 4),
    constraint webhook_origin_known check (origin in (1, 2)),
    constraint webhook_rate_positive check (rate > 0),
    constraint webhook_concurrency_positive check (concurrency > 0),
    constraint webhook_headers_are_an_object check (jsonb_typeof(headers) = 'object'),
    constraint webhook_metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
    constraint webhook_disabled_whole check ((state = 3) = (disabled_at is not null))
);

comment on table webhook is 'Endpoints of other systems, and which events each wants.';
comment on column webhook.state is '1: active; 2: paused; 3: disabled, because all failed; 4: deleted. Only an active one is sent to; all but a deleted one collect events.';
comment on column webhook.origin is '1: somebody made it; 2: made for messages that name a URL at this host themselves.';
comment on column webhook.url is 'Of origin 2: scheme and host; the path is send_request.webhook_url.';
comment on column webhook.event_types is 'Codes as in webhook_delivery.event_type.';
comment on column webhook.statuses is 'Codes of the statuses that it wants, final ones only if so chosen; null for all. This and the next filters are about messages.';
comment on column webhook.metadata is 'Members that the metadata of the send request must have.';
comment on column webhook.rate is 'Attempts a second; null for no limit.';
comment on column webhook.concurrency is 'Requests at the same time.';
comment on column webhook.has_numbers is 'Whether it is told telephone numbers.';

-- Rows of their own: whoever lists webhooks reads no secret.
create table webhook_secret (
    webhook_id uuid        not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    kind       smallint    not null,
    secret     bytea       not null,
    constraint webhook_secret_pkey primary key (webhook_id, secret),
    constraint webhook_secret_webhook_id_fkey foreign key (webhook_id) references webhook (id)
        on delete cascade,
    constraint webhook_secret_kind_known check (kind in (1, 2)),
    constraint webhook_secret_has_32_bytes check (octet_length(secret) = 32)
);

comment on table webhook_secret is 'What attempts are signed with: several of one webhook while an old one overlaps with its successor.';
comment on column webhook_secret.kind is '1: key of HMAC-SHA256 (v1); 2: private key of Ed25519 (v1a).';
comment on column webhook_secret.expires_at is 'When it ends; null for the current one.';

-- What deliverers note. Apart from webhook, which every writer of statuses reads.
create table webhook_health (
    webhook_id    uuid not null,
    deliverer     integer,
    failing_since timestamptz,
    succeeded_at  timestamptz,
    failed_at     timestamptz,
    failure       text,
    constraint webhook_health_pkey primary key (webhook_id),
    constraint webhook_health_webhook_id_fkey foreign key (webhook_id) references webhook (id)
        on delete cascade
) with (fillfactor = 50);

comment on table webhook_health is 'One row a webhook: who delivers to it, and how that goes.';
comment on column webhook_health.deliverer is 'Who delivers; its advisory lock tells whether it lives.';
comment on column webhook_health.failing_since is 'The first failure after the last success; null after a success.';

-- An event for one webhook. Of a change of a status it holds what the change was, by keys of rows that
-- stay as they are: its body is made of them, the same at each attempt.
create table webhook_delivery (
    number       bigint      generated always as identity,
    sequence     bigint,
    precedence   bigint,
    fingerprint  bigint,
    outcome_id   bigint,
    created_at   timestamptz not null,
    due_at       timestamptz not null,
    attempted_at timestamptz,
    webhook_id   uuid        not null,
    event_id     uuid        not null,
    message_id   uuid,
    event_type   smallint    not null,
    state        smallint    not null default 1,
    attempts     smallint    not null default 0,
    status       smallint,
    cause        smallint,
    provider     smallint,
    answer       smallint,
    data         jsonb,
    constraint webhook_delivery_pkey primary key (number),
    constraint webhook_delivery_type_known check (event_type between 1 and 6),
    constraint webhook_delivery_state_known check (state between 1 and 3),
    constraint webhook_delivery_has_content check (
        case event_type when 1 then num_nulls(message_id, sequence, status, cause) = 0
        else data is not null end)
) with (
    fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);

comment on table webhook_delivery is 'Events for webhooks: the queue, and what became of each.';
comment on column webhook_delivery.sequence is 'Of the change, as in the change feed.';
comment on column webhook_delivery.fingerprint is 'With message_id the report that made the change; 0 if we did it ourselves.';
comment on column webhook_delivery.event_id is 'The same for all webhooks that an event goes to, and at every attempt.';
comment on column webhook_delivery.event_type is '1: message.status_changed; 2: inbound.received; 3: opt_out.changed; 4: provider.silent; 5: webhook.disabled; 6: webhook.test.';
comment on column webhook_delivery.state is '1: waits for due_at; 2: delivered; 3: never delivered, given up.';
comment on column webhook_delivery.answer is 'HTTP status of the last attempt; null if there was no answer.';
comment on column webhook_delivery.data is 'Of all events but changes of statuses.';

-- One webhook's queue is read by itself, however long that of another one is.
create index webhook_delivery_due on webhook_delivery (webhook_id, due_at, number) where state = 1;
create index webhook_delivery_webhook on webhook_delivery (webhook_id, number);
create index webhook_delivery_never on webhook_delivery (webhook_id, number) where state = 3;
create index webhook_delivery_message on webhook_delivery (message_id) where message_id is not null;

create table webhook_attempt (
    delivery     bigint      not null,
    at           timestamptz not null,
    milliseconds integer     not null,
    number       smallint    not null,
    status       smallint,
    problem      text,
    answer       text,
    constraint webhook_attempt_pkey primary key (delivery, at)
);

comment on table webhook_attempt is 'Every attempt of a delivery.';
comment on column webhook_attempt.delivery is 'webhook_delivery.number.';
comment on column webhook_attempt.status is 'HTTP status; null if there was no answer.';
comment on column webhook_attempt.problem is 'Why it failed; null if it did not.';
comment on column webhook_attempt.answer is 'The beginning of the answer''s body.';

-- A message may name a webhook of its own.
alter table send_request add column webhook_id uuid, add column webhook_url text;

comment on column send_request.webhook_id is 'webhook.id of the host that webhook_url names.';
comment on column send_request.webhook_url is 'Where changes of the messages'' statuses are sent besides.';

-- metadata is text that jsonb may refuse.
create function has_metadata(metadata text, wanted jsonb) returns boolean
    language plpgsql
    immutable
as $$
begin
    return coalesce(metadata::jsonb @> wanted, false);
exception when data_exception or program_limit_exceeded then
    return false;
end
$$;

comment on function has_metadata is 'Whether metadata is a JSON object with the wanted members.';

-- The deliveries of a row of status_change.
create function enqueue_status_webhooks(
    change_block bigint, messages uuid[], statuses smallint[], causes smallint[]) returns void
    language plpgsql
    security definer
as $$
begin
    insert into webhook_delivery (
        sequence, precedence, fingerprint, outcome_id, created_at, due_at, webhook_id, event_id,
        message_id, event_type, status, cause, provider)
    select change_block * 16384 + change.place - 1, message.precedence, message.fingerprint,
        message.outcome_id, now(), now(), webhook.id, change.event_id, message.id, 1, change.status,
        change.cause, message.provider
    from (
        select id, status, cause, place, gen_random_uuid() as event_id
        from unnest(messages, statuses, causes) with ordinality as one (id, status, cause, place)
    ) as change
    join message on message.id = change.id
    left join send_request as request on request.id = message.send_request_id
    join webhook on webhook.state < 4 and 1 = any(webhook.event_types)
        and (webhook.origin = 1 or webhook.id = request.webhook_id)
        and (webhook.statuses is null or change.status = any(webhook.statuses))
        and (webhook.providers is null or message.provider = any(webhook.providers))
        and (webhook.countries is null or message.country = any(webhook.countries))
        and (webhook.submitters is null or request.submitter_id = any(webhook.submitters))
        and (webhook.send_requests is null or request.id = any(webhook.send_requests))
        and case when webhook.metadata is null then true
            else has_metadata(request.metadata, webhook.metadata) end
    order by change.place;
end
$$;

comment on function enqueue_status_webhooks is 'Enqueues the changes of a row of status_change for the webhooks that want them.';

-- Every change of a status is a row of status_change, whoever writes it: here none is forgotten, and
-- none is sent that was not committed. Without webhooks it is one look at an empty table for hundreds
-- of changes.
create function enqueue_noted_changes() returns trigger
    language plpgsql
    security definer
as $$
begin
    if exists (select from webhook where state < 4 and 1 = any(event_types)) then
        perform enqueue_status_webhooks(new.block, new.messages, new.statuses, new.causes);
    end if;
    return null;
end
$$;

comment on function enqueue_noted_changes is 'Enqueues changes of statuses for webhooks.';

create trigger enqueue_webhooks after insert on status_change
    for each row execute function enqueue_noted_changes();

-- Enqueues an event of another kind for all webhooks that want it, in the caller's transaction; returns
-- for how many. `data` is what each is told, without texts of messages; `numbers` are members with
-- telephone numbers, for those that chose them. The provider and the country may be unknown: then
-- filters by them do not apply.
create function enqueue_webhook(
    event_type smallint, data jsonb, numbers jsonb default '{}', of_provider smallint default null,
    of_country text default null, but_not uuid default null) returns integer
    language plpgsql
    security definer
as $$
declare
    wanted integer;
    event uuid;
begin
    if not exists (select from webhook where state < 4) then return 0; end if;
    event := gen_random_uuid();
    insert into webhook_delivery (
        created_at, due_at, webhook_id, event_id, event_type, provider, data)
    select now(), now(), webhook.id, event, enqueue_webhook.event_type, of_provider,
        case when has_numbers then enqueue_webhook.data || coalesce(numbers, '{}')
            else enqueue_webhook.data end
    from webhook
    where state < 4 and origin = 1 and enqueue_webhook.event_type = any(event_types)
        and (providers is null or of_provider is null or of_provider = any(providers))
        and (countries is null or of_country is null or of_country = any(countries))
        and webhook.id is distinct from but_not;
    get diagnostics wanted = row_count;
    return wanted;
end
$$;

comment on function enqueue_webhook is 'Enqueues an event for the webhooks that want it; returns for how many.';

-- Deliveries older than keep_days with their attempts, the oldest first, whether they were delivered or
-- not; then deleted webhooks without any.
create function drop_old_deliveries(
    keep_days integer, most integer, out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
declare
    past timestamptz := retention_end(keep_days);
begin
    if not pg_try_advisory_xact_lock(7310873233) then return; end if;
    with portion as materialized (
        select number, created_at from webhook_delivery order by number limit most
    ),
    old as materialized (
        select number from portion
        where number < coalesce(
            (select min(number) from portion where created_at >= past), 9223372036854775807)
    ),
    unlogged as (
        delete from webhook_attempt using old where webhook_attempt.delivery = old.number
    ),
    gone as (
        delete from webhook_delivery using old where webhook_delivery.number = old.number
        returning true
    )
    select count(*), count(*) from gone into seen, dropped;
    if dropped < most then
        delete from webhook
        where state = 4 and updated_at < past
          and not exists (select from webhook_delivery where webhook_id = webhook.id);
    end if;
end
$$;

comment on function drop_old_deliveries is 'Drops a portion of the deliveries older than keep_days.';

alter table process drop constraint process_kind_known;
alter table process add constraint process_kind_known
    check (kind in ('responder', 'dispatcher', 'deliverer'));

revoke all on function has_metadata, enqueue_status_webhooks, enqueue_noted_changes, enqueue_webhook,
    drop_old_deliveries from public;

-- For the reasons see 0003 and 0006.
do $$
declare
    name text;
begin
    foreach name in array array[
        'has_metadata', 'enqueue_status_webhooks', 'enqueue_noted_changes', 'enqueue_webhook',
        'drop_old_deliveries']
    loop
        execute format(
            'alter function %I set search_path = %I, pg_temp', name, current_schema());
    end loop;
    foreach name in array array['enqueue_status_webhooks', 'drop_old_deliveries']
    loop
        execute format('alter function %I set enable_hashjoin = off', name);
        execute format('alter function %I set enable_mergejoin = off', name);
        execute format('alter function %I set jit = off', name);
    end loop;
    execute 'alter function drop_old_deliveries set plan_cache_mode = force_custom_plan';
    execute 'alter function drop_old_deliveries set enable_seqscan = off';
end
$$;
