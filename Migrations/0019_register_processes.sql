-- Which processes of the service run, on any host: each tells of itself every ten seconds.
create table process (
    id           uuid        not null,
    kind         text        not null,
    host         text        not null,
    pid          integer     not null,
    version      text        not null,
    started_at   timestamptz not null,
    seen_at      timestamptz not null,
    memory_bytes bigint,
    figures      jsonb       not null,
    constraint process_pkey primary key (id),
    constraint process_kind_known check (kind in ('responder', 'dispatcher')),
    constraint process_figures_are_an_object check (jsonb_typeof(figures) = 'object')
) with (
    -- A row changes for as long as its process lives, and there are a handful of them.
    fillfactor = 50);

comment on table process is
    'Processes that run, or were seen within the last hour: one row each, dropped at a clean stop.';
comment on column process.id is 'UUID version 7, made at the start.';
comment on column process.started_at is 'By the clock of its host.';
comment on column process.seen_at is 'When it last told of itself, by the clock of the database.';
comment on column process.memory_bytes is 'Its own resident memory, without libraries and files.';
comment on column process.figures is 'What it does now: names and whole numbers.';
