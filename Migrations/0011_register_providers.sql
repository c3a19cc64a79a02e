-- Providers are a list of the program's, which `waybill migrate` registers here: nothing in the
-- schema knows a provider by its code any more.

alter table provider_state add column name text;
alter table provider_state add constraint provider_state_name_key unique (name);
comment on column provider_state.name is 'As in paths, parameters and answers; null until waybill migrate has registered the provider.';

-- Made by 0004 for the one provider that there was; what register_provider() would call it.
alter index outbox_recipient rename to outbox_recipient_2;

-- Makes a provider known. A row of its own holds its state; where the provider does not take our id as
-- the name of a message, it may have to be asked by number, and an index of its own finds the others
-- to the same number.
create function register_provider(code smallint, named text, takes_our_id boolean) returns void
    language plpgsql
as $$
declare
    known text;
    index_name text := 'outbox_recipient_' || code;
begin
    insert into provider_state (provider, name) values (code, named)
        on conflict (provider) do nothing;
    select name into known from provider_state where provider = code;
    if known is null then
        update provider_state set name = named where provider = code;
    elsif known <> named then
        raise exception 'code % belongs to the provider %, and is never given to another one', code, known
            using errcode = 'unique_violation';
    end if;
    -- Asked first: `create index if not exists` waits for all who write, whether it is there or not.
    if not takes_our_id and to_regclass(quote_ident(current_schema()) || '.' || index_name) is null then
        execute format(
            'create index %I on outbox (recipient) where provider = %s and state >= 2',
            index_name, code);
    end if;
end
$$;

comment on function register_provider is 'Makes a provider known; called by waybill migrate for each of its list.';
