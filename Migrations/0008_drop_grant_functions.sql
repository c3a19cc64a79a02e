-- The rights of the services' roles are given by `waybill migrate` itself, after the migrations, and
-- stand in one table of the program. A migration grants nothing any more.
drop function grant_responder(name);

-- batch_limit says it since 0005, and nobody reads it.
alter table outbox drop column is_alone;
