-- What waited for a pause or for the provider is released in batches, each a transaction of its own, and how far that has come
-- is a fact here: whoever closes the breaker or lifts a pause writes a row and no more, and any process goes on from it.
-- Old code running beside this schema releases all at once in the transaction that closes or lifts, as before; it leaves these
-- rows to new code, for which they are a walk that finds little. The index is built under a lock that lets nobody write; few
-- commands wait as a rule. It serves old code as well as the one it replaces. The column is added with a constant default.
create table releases (
  waits_for text not null constraint releases_waits_for_is_known check (waits_for in ('pause', 'provider')),
  -- Reads may go on before writes may.
  lane text not null constraint releases_lane_is_known check (lane in ('read', 'write')),
  requested_at timestamptz not null default capstan_now(),
  -- Commands up to this place in the order of acceptance have been looked at.
  after_position bigint not null default 0,
  -- When the last one released is due: what follows is due after it, at the pace of the release.
  released_to timestamptz,
  -- One of those looked at was in somebody's hands, so the walk is repeated.
  passed_over boolean not null default false,
  constraint releases_pkey primary key (waits_for, lane)
);

drop index commands_waits_for_idx;
create index commands_waits_for_idx on commands
  (waits_for, (case when status = 'unresolved' then 'read' else 'write' end), position) where waits_for is not null;

-- The receiver takes events again: what failed before is made due in batches as well.
alter table push_endpoint add column recovering boolean not null default false;
