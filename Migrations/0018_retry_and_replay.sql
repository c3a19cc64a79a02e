-- What sending messages again and reading callbacks again needs.
--
-- New columns without a rewrite, and indexes of two small tables: dead letters are written where a
-- message is given up, and the quarantine holds 100,000 rows at most. Nothing here is on the way of a
-- callback that can be read.

-- Lists are read along this one, the newest first.
create index dead_letter_place on dead_letter (at, message_id);
drop index dead_letter_at;
create index dead_letter_send_request on dead_letter (send_request_id, at, message_id);

-- Why a message that was given up cannot be sent again; null if it can. What a provider reported other
-- than a refusal or a failure shows that the message went out.
create function retry_refusal(letter uuid) returns text
    language sql
    stable
as $$
    select case
        when exists (select from outbox where outbox.message_id = letter) then 'under_way'
        when exists (select from report where report.message_id = letter
                     and report.status not in (7, 8)) then 'reported'
        when not exists (
            select from message join send_request on send_request.id = message.send_request_id
            where message.id = letter) then 'text_gone'
        when not exists (
            select from message where message.id = letter and message.status in (6, 7, 8, 9))
            then 'settled'
    end
$$;

comment on function retry_refusal is 'Why a message cannot be sent again; null if it can.';

-- The headers are those that authenticate the callback, so that a replay can do that again. They may
-- hold credentials: only the role that replays reads them, and no answer shows them.
alter table quarantine
    add column headers          text,
    add column is_authenticated boolean not null default true;

comment on table quarantine is 'Parts of callbacks that could not be read or stored, with the reason; and, where that is set, callbacks that failed authentication. Bounded by cut_quarantine().';
comment on column quarantine.headers is 'What authenticated the callback, or was meant to: a line for each header. Secret. Null if it came before this column, or had none.';
comment on column quarantine.is_authenticated is 'Whether the provider has proved itself; if not, excerpt is the whole body, and the archive has nothing of it.';
comment on column quarantine.uri is 'As in callback, like the columns after it; null where the archive has the callback. As it came, with its secrets, if it is not authenticated.';

create index quarantine_callback_id on quarantine (callback_id);

revoke all on function retry_refusal from public;

-- For the reason see 0003.
do $$
begin
    execute format('alter function retry_refusal set search_path = %I, pg_temp', current_schema());
end
$$;
