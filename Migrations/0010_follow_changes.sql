-- The order in which statuses changed, so that others can follow. See "How it is stored" in the documentation.

-- One row for all statuses that a transaction's statement changed: an array costs the writer a sixth
-- of what a row for each change would, and the one index a hundredth.
create table status_change (
    block    bigint      not null,
    noted_at timestamptz not null,
    messages uuid[]      not null,
    statuses smallint[]  not null,
    causes   smallint[]  not null,
    constraint status_change_pkey primary key (block),
    constraint status_change_whole check (
        cardinality(messages) between 1 and 16384
        and cardinality(statuses) = cardinality(messages)
        and cardinality(causes) = cardinality(messages))
);

-- Identifiers do not compress: trying takes longer than writing them.
alter table status_change
    alter column messages set storage external,
    alter column statuses set storage external,
    alter column causes set storage external;

comment on table status_change is 'What changed the status of messages, in the order of the changes; append-only, kept for three days.';
comment on column status_change.block is 'From take_change_block(). The sequence of a row''s first change is 16384 times this, the next ones follow.';
comment on column status_change.causes is '1: callback; 2: status query; 3: what we did ourselves.';

create sequence status_change_block as bigint;

comment on sequence status_change_block is 'See take_change_block().';

-- Numbers the changes that the caller's statement has made. Of one message a later change must have
-- the greater number: so the caller calls this when it has locked the rows of all its messages, and
-- holds them until it commits.
--
-- Numbers are not committed in their order. A lock that ends with the transaction tells readers the
-- number that was taken last before this one, so that they do not go past it until then: see
-- settled_change_block(). Nobody ever waits for it.
create function take_change_block() returns bigint
    language plpgsql
    security definer
as $$
begin
    perform pg_advisory_xact_lock_shared(
            731088, ((last_value - (not is_called)::integer) % 2147483648)::integer)
        from status_change_block;
    return nextval('status_change_block');
end
$$;

comment on function take_change_block is 'The number of a row of status_change; to be called when all of its messages'' rows are locked.';

-- The greatest number up to which every row is committed or never will be, and the greatest that
-- anybody took. A snapshot that is taken afterwards sees them all. Only transactions that change
-- statuses hold it back, however long others run.
create function settled_change_block(out settled bigint, out taken bigint)
    language plpgsql
    security definer
as $$
begin
    -- First: whoever takes a lock after this takes a greater number.
    select last_value - (not is_called)::integer from status_change_block into taken;
    select taken - coalesce(max(distance), 0) from (
        select (taken % 2147483648 - objid::bigint + 2147483648) % 2147483648 as distance
        from pg_locks
        where locktype = 'advisory' and classid = 731088::oid and objsubid = 2
          and database = (select oid from pg_database where datname = current_database())
    ) as holder
    -- The others took their locks after the first look.
    where distance < 1073741824
    into settled;
end
$$;

comment on function settled_change_block is 'Up to here every row of status_change is committed or never will be.';

-- Tells a statement which of the messages that it wrote have got another status by it: an upsert
-- does not tell what was there before. Nothing reads it later.
alter table message add column changed_in xid8;

comment on column message.changed_in is 'The last transaction that wrote a report to a known message and thereby changed its status.';

-- Drops a portion, the oldest first; see the others in 0006. The latest row stays, so that whoever
-- comes back after a long time sees that something was dropped.
create function drop_old_changes(
    keep_days integer, most integer, out seen bigint, out dropped bigint, out last uuid)
    language plpgsql
    security definer
as $$
declare
    past timestamptz := retention_end(keep_days);
begin
    if not pg_try_advisory_xact_lock(7310873229) then return; end if;
    with portion as materialized (
        select block, noted_at from status_change
        where block < (select max(block) from status_change)
        order by block
        limit most
    ),
    gone as (
        delete from status_change using portion
        where status_change.block = portion.block
          and portion.block < coalesce(
            (select min(block) from portion where noted_at >= past), 9223372036854775807)
        returning true
    )
    select count(*), count(*) from gone into seen, dropped;
end
$$;

comment on function drop_old_changes is 'Drops a portion of status_change older than keep_days.';

revoke all on function take_change_block, settled_change_block, drop_old_changes from public;

-- For the reasons see 0003 and 0006.
do $$
declare
    name text;
begin
    foreach name in array array['take_change_block', 'settled_change_block', 'drop_old_changes']
    loop
        execute format(
            'alter function %I set search_path = %I, pg_temp', name, current_schema());
    end loop;
    execute 'alter function drop_old_changes set plan_cache_mode = force_custom_plan';
    execute 'alter function drop_old_changes set enable_seqscan = off';
    execute 'alter function drop_old_changes set enable_hashjoin = off';
    execute 'alter function drop_old_changes set enable_mergejoin = off';
    execute 'alter function drop_old_changes set jit = off';
end
$$;
