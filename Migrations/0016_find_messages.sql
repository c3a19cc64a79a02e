-- What finding messages needs, and nothing that costs the receiver of reports more than it must: no
-- index on a column that changes, for that would end heap-only updates.
--
-- Reception and sending wait until the end of this file: about a second and a half for each million
-- messages, and a second for each 50,000 send requests with metadata. Providers send again what was
-- not taken meanwhile.

-- In full and at once, so that no weaker lock has to be raised later.
lock table send_request in access exclusive mode;
lock table message in share mode;

-- Lists are read along this one, the newest first. It grows at one end. Ids as bytes are in the same
-- order: with the ids themselves in it, plans that look for a range of ids would read all of it.
create index message_created_at on message (created_at, uuid_send(id));

-- Finds the few places where a number occurs at all: a hundredth of a b-tree's size, and next to
-- nothing for each new message. What it has not summed up yet is read, so that it never misses any.
create index message_recipient on message
    using brin (recipient text_bloom_ops(n_distinct_per_range = 2000))
    with (pages_per_range = 32, autosummarize = on);

-- A callback is found by its id, which holds its time. In the partitions of the days to come and those
-- of the past: an index on what is being written to would keep callbacks waiting while it is built, so
-- a large partition of today stays without one and is read as a whole.
create index callback_received_at on only callback
    using brin (received_at) with (pages_per_range = 16, autosummarize = on);

do $$
declare
    part record;
begin
    for part in
        select child.oid::regclass as name, child.relname,
            child.relname < 'callback_' || to_char(now() at time zone 'UTC', 'YYYYMMDD') as is_past
        from pg_inherits join pg_class as child on child.oid = inhrelid
        where inhparent = 'callback'::regclass
    loop
        continue when pg_relation_size(part.name) > 268435456
            and not (part.is_past and part.relname <> 'callback_default');
        execute format(
            'create index on %s using brin (received_at)
                with (pages_per_range = 16, autosummarize = on)', part.name);
    end loop;
end
$$;

-- The members of the metadata by which messages are found. Ids of version 7 begin with their time:
-- read backwards, these are a member's newest send requests first.
create table send_request_term (
    term            bigint not null,
    send_request_id uuid   not null,
    constraint send_request_term_pkey primary key (term, send_request_id)
);

comment on table send_request_term is 'The metadata of send requests, a row for each member; kept by triggers of send_request.';
comment on column send_request_term.term is 'A hash of name and value, see metadata_terms().';

-- Texts as they are, numbers and words as they were written; objects and arrays are not looked into.
-- PostgreSQL does not read every JSON that was accepted: U+0000 for one. Such metadata is shown, but
-- not found. The first hundred members count.
create function metadata_terms(metadata text) returns bigint[]
    language plpgsql
    immutable
    strict
as $$
begin
    return array(
        select distinct hashtextextended(
            char_length(key) || ':' || key || case when json_typeof(value) = 'string'
                then value #>> '{}' else value::text end, 0)
        from (select key, value from json_each(metadata::json) limit 100) as member
        where json_typeof(value) not in ('object', 'array'));
exception when data_exception or program_limit_exceeded then
    return '{}';
end
$$;

comment on function metadata_terms is 'Hashes of the members of a JSON object: of the length of the name, a colon, the name and the value.';

insert into send_request_term
select term, id from send_request, unnest(metadata_terms(metadata)) as term;

create function keep_terms() returns trigger
    language plpgsql
    security definer
as $$
begin
    if tg_op = 'INSERT' then
        insert into send_request_term
        select term, new.id from unnest(metadata_terms(new.metadata)) as term;
    else
        delete from send_request_term
        where term = any(metadata_terms(old.metadata)) and send_request_id = old.id;
    end if;
    return null;
end
$$;

comment on function keep_terms is 'Keeps send_request_term.';

create trigger add_terms after insert on send_request
    for each row when (new.metadata is not null) execute function keep_terms();
create trigger drop_terms after delete on send_request
    for each row when (old.metadata is not null) execute function keep_terms();

-- What clients carry from one process to another one is signed with these. Made here, once, so that
-- all processes have the same; each of the two identifiers has 122 random bits.
create table signing_secret (
    purpose text  not null,
    secret  bytea not null,
    constraint signing_secret_pkey primary key (purpose),
    constraint signing_secret_purpose_known check (purpose in ('cursor', 'ticket')),
    constraint signing_secret_length check (octet_length(secret) = 32)
);

comment on table signing_secret is 'Secrets to sign with, one for each purpose: cursors of lists, and tickets of live streams.';

insert into signing_secret (purpose, secret)
select purpose, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())
from unnest(array['cursor', 'ticket']) as purpose;

-- For the reasons see 0003 and 0006.
do $$
declare
    name text;
begin
    foreach name in array array['metadata_terms', 'keep_terms']
    loop
        execute format(
            'alter function %I set search_path = %I, pg_temp', name, current_schema());
        execute format('revoke all on function %I from public', name);
    end loop;
end
$$;
