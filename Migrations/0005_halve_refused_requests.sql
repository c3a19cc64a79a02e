-- What is known of messages that were refused together, or that met a stop of their provider. See
-- README.md, "How it is sent". is_alone is used no more; dispatchers from before still read it.
alter table outbox
    add column batch_limit smallint,
    add column blame smallint not null default 0,
    add column met_stop_at timestamptz;
update outbox set batch_limit = 1 where is_alone;

comment on column outbox.is_alone is 'No longer used.';
comment on column outbox.batch_limit is 'The most messages in a request with it, since larger ones were refused; null for any number.';
comment on column outbox.blame is 'How much speaks for the message being the cause of the stops that it met; with 6 it is refused.';
comment on column outbox.met_stop_at is 'When the request was leased at which it last met a stop of its provider.';

-- Few: those that go apart. They are found without reading the queue.
create index outbox_apart on outbox (provider, due_at, call_id, message_id)
    where state = 1 and batch_limit is not null;

alter table provider_state
    add column taken_at timestamptz,
    add column put_back bigint not null default 0;

comment on column provider_state.taken_at is 'When the latest request was leased of which the provider took messages.';
comment on column provider_state.put_back is 'Messages that were leased too slowly to be sent, and put back.';
