-- Who asks for something, by an id that stays: API keys whose secrets may change, who submitted a
-- send request, and a record of acts.

-- In full and at once, so that no weaker lock has to be raised later. The API waits until the end of
-- this file, about a second for each million send requests; callbacks use none of these tables.
lock table api_key, idempotency_key, send_request in access exclusive mode;

create table api_key_secret (
    hash         bytea       not null,
    key_id       uuid        not null,
    created_at   timestamptz not null default now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    constraint api_key_secret_pkey primary key (hash),
    constraint api_key_secret_hash_is_sha256 check (octet_length(hash) = 32)
);

comment on table api_key_secret is 'The secrets of API keys: several of one key while an old one overlaps with its successor.';
comment on column api_key_secret.hash is 'SHA-256 of the secret.';
comment on column api_key_secret.expires_at is 'When it ends; null for as long as its key is valid.';
comment on column api_key_secret.last_used_at is 'To the minute.';

-- UUIDs of version 7: the time of the key's making in milliseconds, then random bits.
alter table api_key add column id uuid;
update api_key set id = (
    lpad(to_hex((extract(epoch from created_at) * 1000)::bigint), 12, '0') || '7'
    || substr(replace(gen_random_uuid()::text, '-', ''), 14))::uuid;

insert into api_key_secret (hash, key_id, created_at, last_used_at)
select hash, id, created_at, last_used_at from api_key;

alter table idempotency_key add column principal_id uuid;
update idempotency_key set principal_id = api_key.id from api_key where api_key.hash = caller;
-- Nobody can present the key of such a row any more.
delete from idempotency_key where principal_id is null;
alter table idempotency_key
    drop constraint idempotency_key_pkey,
    drop column caller,
    alter column principal_id set not null,
    add constraint idempotency_key_pkey primary key (principal_id, key);

comment on column idempotency_key.principal_id is 'Whose key it is: two principals may use the same one.';

alter table api_key
    drop constraint api_key_pkey,
    drop column hash,
    alter column id set not null,
    add constraint api_key_pkey primary key (id);
alter table api_key_secret
    add constraint api_key_secret_key_id_fkey foreign key (key_id) references api_key (id);
create index api_key_secret_key_id on api_key_secret (key_id);

comment on column api_key.id is 'UUID version 7; stays when the secret changes.';

-- One row a request, so that its messages cost nothing more. The name is that of the time.
alter table send_request
    add column submitter_kind text,
    add column submitter_id uuid,
    add column submitter_name text,
    add constraint send_request_submitter_known
        check (submitter_kind in ('user', 'key', 'command_line')) not valid,
    add constraint send_request_submitter_whole
        check (num_nulls(submitter_kind, submitter_id, submitter_name) in (0, 3)) not valid;

comment on column send_request.submitter_id is 'Who submitted it; null if that was before anybody noted it.';

-- Ids of version 7 begin with their time: read backwards, these are a submitter's newest first.
create index send_request_submitter on send_request (submitter_id, id)
    where submitter_id is not null;

create table audit (
    number         bigint      generated always as identity,
    at             timestamptz not null,
    principal_kind text        not null,
    principal_id   uuid        not null,
    principal_name text        not null,
    action         text        not null,
    object         text        not null,
    detail         jsonb       not null,
    request_id     text,
    address        text,
    constraint audit_pkey primary key (number),
    constraint audit_principal_known check (principal_kind in ('user', 'key', 'command_line'))
);

comment on table audit is 'Who did what, written with the act. Append-only, kept for good.';
comment on column audit.principal_name is 'What the principal was called then.';
comment on column audit.object is 'The id of what it was done to.';
comment on column audit.request_id is 'nginx''s; null on the command line, as the address is.';
