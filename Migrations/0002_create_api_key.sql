-- Keys to the JSON API. Only the SHA-256 of a key is kept: it has 256 random bits, so a slow
-- password hash would add nothing.
create table api_key (
    hash         bytea       not null,
    name         text        not null,
    scopes       text[]      not null,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at   timestamptz,
    constraint api_key_pkey primary key (hash),
    constraint api_key_hash_is_sha256 check (octet_length(hash) = 32),
    constraint api_key_name_length check (char_length(name) between 1 and 100),
    constraint api_key_scopes_known check (
        scopes <@ array['read', 'send', 'admin'] and cardinality(scopes) > 0)
);

-- A name belongs to one valid key at a time; it may be used again once that one is revoked.
create unique index api_key_name on api_key (name) where revoked_at is null;

comment on table api_key is 'Keys to the JSON API; made by waybill key create.';
comment on column api_key.last_used_at is 'To the minute.';
