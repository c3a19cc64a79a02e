-- What the archive and the quarantine need so that a callback can be read again. See "How it is
-- stored" in the documentation.

-- In all partitions, also in those that are made later.
alter table callback
    add column content_type    text,
    add column message_id      uuid,
    add column send_request_id uuid;

comment on column callback.uri is 'Path and query as the provider called them, without a secret in them; no parser looks at it.';
comment on column callback.content_type is 'As it came; null if none came, and before this column was added.';
comment on column callback.message_id is 'The message''s id in the path, where it holds one.';
comment on column callback.send_request_id is 'The send request''s id in the path, where it holds one.';

alter table quarantine
    add column uri             text,
    add column content_type    text,
    add column message_id      uuid,
    add column send_request_id uuid;

comment on column quarantine.callback_id is 'callback.id, in the partition of received_at.';
comment on column quarantine.uri is 'As in callback, like the columns after it; null but where the archive did not take the callback.';
