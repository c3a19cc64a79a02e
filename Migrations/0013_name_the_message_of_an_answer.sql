-- The id that a kept answer's Location names, so that nobody has to find it in the answer's JSON. Keys
-- from before have none, for the rest of their 24 hours.
alter table idempotency_key add column message_id uuid;

comment on column idempotency_key.message_id is 'The message that the answer tells of; null if it tells of several.';
