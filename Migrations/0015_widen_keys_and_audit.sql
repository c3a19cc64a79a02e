-- Keys with an end, addresses and a maker; an audit that tells before and after, that nobody can
-- change, and that can be searched.
--
-- Both tables are small (a row a key, and until now a row an act on a key or a cancellation), so they
-- are locked for a moment only. Nothing here is on the way of a callback.

lock table api_key, audit in access exclusive mode;

alter table api_key
    add column expires_at timestamptz,
    add column addresses  cidr[],
    add column maker_kind text,
    add column maker_id   uuid,
    add column maker_name text,
    add constraint api_key_addresses_count check (cardinality(addresses) between 1 and 100),
    add constraint api_key_maker_known check (maker_kind in ('user', 'key', 'command_line')),
    add constraint api_key_maker_whole check (num_nulls(maker_kind, maker_id, maker_name) in (0, 3)),
    add constraint api_key_maker_name_length check (char_length(maker_name) <= 300);

comment on column api_key.expires_at is 'When the key and all of its secrets end; null for never.';
comment on column api_key.addresses is 'The networks that it may be used from; null for all.';
comment on column api_key.maker_id is 'Who made it; null if that was before anybody noted it.';

update api_key set maker_kind = made.principal_kind, maker_id = made.principal_id,
    maker_name = left(made.principal_name, 300)
from audit as made where made.action = 'key.create' and made.object = api_key.id::text;

alter table audit
    -- Null where nobody is known: a sign-in that was refused, or an act of Waybill itself.
    alter column principal_kind drop not null,
    alter column principal_id drop not null,
    alter column principal_name drop not null,
    add column before jsonb not null default '{}',
    add column after  jsonb not null default '{}',
    add constraint audit_principal_whole
        check (num_nulls(principal_kind, principal_id, principal_name) in (0, 3)) not valid,
    add constraint audit_lengths check (
        char_length(principal_name) <= 300 and char_length(action) <= 50
        and char_length(object) <= 300 and char_length(request_id) <= 300
        and char_length(address) <= 300) not valid,
    add constraint audit_size check (
        pg_column_size(detail) <= 8192 and pg_column_size(before) <= 8192
        and pg_column_size(after) <= 8192) not valid;

comment on table audit is 'Who did what, written with the act. Append-only; old entries go through drop_old_audit().';
comment on column audit.principal_id is 'Who did it; null if nobody knows.';
comment on column audit.object is 'The id of what it was done to; for a sign-in that was refused, the address that was given.';
comment on column audit.before is 'What the act changed, as it was; no secrets.';
comment on column audit.after is 'The same afterwards.';

-- Read from the newest on, by one filter or several. Each grows at its right end, or at a few places.
create index audit_at on audit (at, number);
create index audit_action on audit (action, at, number);
create index audit_principal on audit (principal_id, at, number);
create index audit_principal_name on audit (principal_name, at, number);
create index audit_object on audit (object, at, number);
create index audit_address on audit (address, at, number) where address is not null;
create index audit_request on audit (request_id) where request_id is not null;

-- An object of names, kinds and texts: 'text' a string, 'literal' JSON as it stands, 'words' an array
-- of what commas separate. Null is null, whatever the kind.
create function audit_values(names text[], kinds text[], texts text[]) returns jsonb
    language sql
    stable
    return coalesce(
        (select jsonb_object_agg(name, case
            when value is null then 'null'::jsonb
            when kind = 'literal' then value::jsonb
            when kind = 'words' then to_jsonb(string_to_array(value, ','))
            else to_jsonb(value)
        end)
        from unnest(names, kinds, texts) as given (name, kind, value)), '{}');

comment on function audit_values is 'What an audit entry tells of before or after an act.';

-- The responder has no right to change entries. This is for everybody else, who has to take the trigger
-- away first.
create function keep_audit() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'DELETE' then
        if old.at < now() - interval '30 days' then return old; end if;
        raise exception 'an audit entry of the last 30 days is not deleted'
            using errcode = 'restrict_violation';
    end if;
    raise exception 'the audit is only added to'
        using errcode = 'restrict_violation';
end
$$;

comment on function keep_audit is 'Refuses to change the audit, or to delete from it before its time.';

create trigger audit_is_kept before update or delete on audit
    for each row execute function keep_audit();
create trigger audit_is_kept_whole before truncate on audit
    for each statement execute function keep_audit();

-- Drops a portion, the oldest first; see the others in 0006. Entries of sending are as many as send
-- requests, and go after send_days, when the send requests that they name may go.
create function drop_old_audit(
    keep_days integer, send_days integer, most integer,
    out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
begin
    if keep_days < 30 then
        raise exception 'the audit is kept for at least 30 days, not %', keep_days
            using errcode = 'invalid_parameter_value';
    end if;
    if not pg_try_advisory_xact_lock(7310873230) then return; end if;
    with old as materialized (
        (select number from audit
        where at < now() - make_interval(days => keep_days)
        order by at, number limit most)
        union
        (select number from audit
        where action = 'message.send'
          and at < now() - make_interval(days => greatest(30, least(keep_days, send_days)))
        order by at, number limit most)
    ),
    gone as (
        delete from audit
        where number = any(array(select number from old order by number limit most))
        returning true
    )
    select count(*), count(*) from gone into seen, dropped;
end
$$;

comment on function drop_old_audit is 'Drops a portion of the audit older than keep_days, and of its entries of sending older than send_days.';

revoke all on function audit_values, keep_audit, drop_old_audit from public;

-- For the reasons see 0003 and 0006.
do $$
declare
    name text;
begin
    foreach name in array array['keep_audit', 'drop_old_audit'] loop
        execute format(
            'alter function %I set search_path = %I, pg_temp', name, current_schema());
    end loop;
    execute 'alter function drop_old_audit set plan_cache_mode = force_custom_plan';
    execute 'alter function drop_old_audit set enable_seqscan = off';
    execute 'alter function drop_old_audit set enable_hashjoin = off';
    execute 'alter function drop_old_audit set enable_mergejoin = off';
    execute 'alter function drop_old_audit set jit = off';
end
$$;
