-- Accounts of people, their sessions and what guards them. New tables only: nothing that exists is
-- locked, and nothing here is on the way of a callback.

create table app_user (
    id                  uuid        not null,
    email               text        not null,
    email_key           text        not null,
    name                text        not null,
    role                text        not null,
    is_disabled         boolean     not null default false,
    created_at          timestamptz not null default now(),
    last_sign_in_at     timestamptz,
    password_hash       text,
    password_changed_at timestamptz,
    totp_secret         bytea,
    totp_last_step      bigint,
    totp_proposal       bytea,
    totp_proposed_at    timestamptz,
    constraint app_user_pkey primary key (id),
    constraint app_user_email_key unique (email_key),
    constraint app_user_email_length check (
        octet_length(email) between 3 and 254 and octet_length(email_key) between 3 and 508),
    constraint app_user_name_length check (char_length(name) between 1 and 100),
    constraint app_user_role_known check (role in ('viewer', 'operator', 'admin')),
    constraint app_user_password_hash_form check (
        password_hash ~ '^\$(y|2[aby])\$[./$0-9A-Za-z]+$' and octet_length(password_hash) <= 200),
    constraint app_user_totp_secret_length check (octet_length(totp_secret) between 16 and 64),
    constraint app_user_totp_proposal_length check (octet_length(totp_proposal) between 16 and 64),
    constraint app_user_totp_proposal_whole
        check (num_nulls(totp_proposal, totp_proposed_at) in (0, 2)),
    constraint app_user_totp_step_of_secret check (totp_last_step is null or totp_secret is not null)
);

comment on table app_user is 'People with an account; kept for good, since records name them: an account is closed, not deleted.';
comment on column app_user.id is 'UUID version 7.';
comment on column app_user.email is 'As it was written when the account was made.';
comment on column app_user.email_key is 'The address in lower case: what a sign-in looks for.';
comment on column app_user.is_disabled is 'A closed account: no sign-in, no session.';
comment on column app_user.password_hash is 'In the form of crypt(5): yescrypt, or bcrypt if it was imported; null until its owner has chosen one.';
comment on column app_user.totp_secret is 'The shared secret of the second factor; readable here, since codes are computed from it. Null without one.';
comment on column app_user.totp_last_step is 'The 30 seconds whose code was used last; no code of it or before is taken again.';
comment on column app_user.totp_proposal is 'A secret that no code has confirmed yet.';

-- Of each user ten at most, none once they are used.
create table recovery_code (
    hash    bytea not null,
    user_id uuid  not null,
    constraint recovery_code_pkey primary key (user_id, hash),
    constraint recovery_code_user_id_fkey foreign key (user_id) references app_user (id),
    constraint recovery_code_hash_is_sha256 check (octet_length(hash) = 32)
);

comment on table recovery_code is 'Codes that stand in for a code of the app, each once.';

create table password_link (
    user_id    uuid        not null,
    hash       bytea       not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    constraint password_link_pkey primary key (user_id),
    constraint password_link_hash unique (hash),
    constraint password_link_user_id_fkey foreign key (user_id) references app_user (id),
    constraint password_link_hash_is_sha256 check (octet_length(hash) = 32)
);

comment on table password_link is 'With which a user may choose a password, once; one a user, so that a new one ends the old.';
comment on column password_link.hash is 'SHA-256 of the token.';

create table session (
    id             uuid        not null,
    hash           bytea       not null,
    user_id        uuid        not null,
    role           text        not null,
    created_at     timestamptz not null default now(),
    last_active_at timestamptz not null default now(),
    ends_at        timestamptz not null,
    address        text,
    user_agent     text,
    old_hash       bytea,
    old_until      timestamptz,
    constraint session_pkey primary key (id),
    constraint session_hash unique (hash),
    constraint session_old_hash unique (old_hash),
    constraint session_user_id_fkey foreign key (user_id) references app_user (id),
    constraint session_hash_is_sha256
        check (octet_length(hash) = 32 and octet_length(old_hash) = 32),
    constraint session_role_known check (role in ('viewer', 'operator', 'admin')),
    constraint session_old_hash_whole check (num_nulls(old_hash, old_until) in (0, 2)),
    constraint session_lengths
        check (char_length(address) <= 100 and char_length(user_agent) <= 200)
);

create index session_user_id on session (user_id);
create index session_ends_at on session (ends_at);

comment on table session is 'Who is signed in, a row a browser, deleted at the end; fifty a user at most.';
comment on column session.hash is 'SHA-256 of the token in the cookie.';
comment on column session.role is 'The user''s role when the token was made: another one now, and a new token is due.';
comment on column session.last_active_at is 'To the minute.';
comment on column session.ends_at is 'The absolute end; the idle end is counted from last_active_at.';
comment on column session.old_hash is 'SHA-256 of the token before, good until old_until for requests that were under way.';

create table sign_in_failure (
    key        bytea       not null,
    failures   integer     not null,
    last_at    timestamptz not null,
    retry_at   timestamptz not null,
    is_told    boolean     not null default false,
    constraint sign_in_failure_pkey primary key (key),
    constraint sign_in_failure_key_is_sha256 check (octet_length(key) = 32),
    constraint sign_in_failure_failures_positive check (failures > 0)
);

create index sign_in_failure_last_at on sign_in_failure (last_at);

comment on table sign_in_failure is 'Failed sign-ins since the last success, of addresses with an account and without one.';
comment on column sign_in_failure.key is 'SHA-256 of the address in lower case, or of whatever text was given for one.';
comment on column sign_in_failure.retry_at is 'No password is checked before.';
comment on column sign_in_failure.is_told is 'Whether the audit has an attempt that came before retry_at.';
