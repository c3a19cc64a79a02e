-- What the responder may have done to the schema without any right to change it.

-- Makes the archive's partitions for the days to come and drops those past their time. Runs with
-- its owner's rights; keep_days has a floor, so that whoever holds the responder's password cannot
-- erase the archive with it.
create function maintain_partitions(days_ahead integer, keep_days integer) returns void
    language plpgsql
    security definer
as $$
declare
    today date := (now() at time zone 'UTC')::date;
    day   date;
    name  text;
    lower timestamptz;
    upper timestamptz;
    old   record;
begin
    if keep_days < 3 then
        raise exception 'callbacks are kept for at least 3 days, not %', keep_days
            using errcode = 'invalid_parameter_value';
    end if;
    if not pg_try_advisory_xact_lock(7310873226) then
        return;
    end if;
    -- Rather come again than make callbacks wait behind a lock that does not come.
    perform set_config('lock_timeout', '2s', true);

    for offset_days in -1 .. least(days_ahead, 60) loop
        day := today + offset_days;
        name := 'callback_' || to_char(day, 'YYYYMMDD');
        continue when to_regclass(quote_ident(name)) is not null;
        lower := day::timestamp at time zone 'UTC';
        upper := (day + 1)::timestamp at time zone 'UTC';
        -- Made apart and attached, after what the default partition caught has moved over.
        execute format(
            'create table %I (like callback including defaults including storage including compression)',
            name);
        execute format(
            'with caught as (delete from callback_default
                             where received_at >= %L and received_at < %L returning *)
             insert into %I select * from caught', lower, upper, name);
        execute format(
            'alter table callback attach partition %I for values from (%L) to (%L)',
            name, lower, upper);
    end loop;

    delete from callback_default where received_at < now() - make_interval(days => keep_days);
    delete from quarantine where received_at < now() - make_interval(days => keep_days);
    -- The newest 100,000 stay; identity values only grow, so the bound needs no count.
    delete from quarantine where id <= (select max(id) - 100000 from quarantine);

    -- Last, because a drop locks the whole of callback until the end.
    for old in
        select child.relname
        from pg_inherits
        join pg_class child on child.oid = inhrelid
        where inhparent = 'callback'::regclass
          and child.relname ~ '^callback_[0-9]{8}$'
          and to_date(substr(child.relname, 10), 'YYYYMMDD') < today - keep_days
    loop
        execute format('drop table %I', old.relname);
    end loop;

end
$$;

-- Temporary tables come first in a search path that does not name them: with one called quarantine
-- and a trigger on it, the responder would run code with the owner's rights.
do $$
begin
    execute format(
        'alter function maintain_partitions set search_path = %I, pg_temp', current_schema());
end
$$;

comment on function maintain_partitions is
    'Makes partitions of callback for the days to come, drops those older than keep_days, bounds quarantine.';

revoke all on function maintain_partitions from public;

-- All that the responder's role may do. `waybill migrate` calls it with the user of DATABASE_URL;
-- a later migration that adds a table replaces it.
create function grant_responder(responder name) returns void
    language plpgsql
    set search_path from current
as $$
begin
    execute format('grant usage on schema %I to %I', current_schema(), responder);
    execute format('grant select on schema_migration to %I', responder);
    execute format('grant select, insert on callback, outcome, report, quarantine to %I', responder);
    execute format('grant select, insert, update on message, tally, api_key to %I', responder);
    execute format('grant execute on function maintain_partitions to %I', responder);
end
$$;

comment on function grant_responder is 'Gives the responder''s role its rights, and no others.';

revoke all on function grant_responder from public;

select maintain_partitions(7, 3650);
