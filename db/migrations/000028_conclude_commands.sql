-- A person may conclude what is parked: say what became of its call, or give it up. Old code running beside this schema concludes
-- nothing; of what was ruled out it knows nothing, and it never takes a command that has ended. The columns are added without
-- rewriting the tables, the check is replaced under a short exclusive lock in which the rows of attempts are read.

-- Who concluded a command, when, why, by what outcome, what it was parked with, and what was read for it. For ever.
create table command_conclusions (
  id bigint primary key generated always as identity,
  command_id uuid not null references commands (id),
  at timestamptz not null default capstan_now(),
  -- Name of the API key.
  concluded_by text not null,
  reason text not null constraint command_conclusions_have_a_reason check (reason <> ''),
  outcome text not null constraint command_conclusions_outcome_is_known
    check (outcome in ('made', 'choose', 'not_made', 'give_up', 'confirmed_not_made')),
  problem jsonb not null,
  -- Ids and statuses as Conomy told them in the same request; never payloads.
  evidence jsonb not null
);

create index command_conclusions_command_id_idx on command_conclusions (command_id, at);

create function command_conclusions_guard() returns trigger language plpgsql as $$
begin
  raise exception 'conclusion % may not be changed or deleted: conclusions are append-only', old.id;
end
$$;

create trigger command_conclusions_guard before update or delete on command_conclusions
  for each row execute function command_conclusions_guard();

alter table attempts
  -- Of one that a person ruled out: payments of Conomy that are not its effect, and are never taken for it.
  add column not_ours text[],
  drop constraint attempts_resolution_is_known,
  add constraint attempts_resolution_is_known
    check (resolution in ('succeeded', 'rejected', 'retryable', 'parked', 'ruled_out')),
  add constraint attempts_not_ours_are_ruled_out check (not_ours is null or resolution is not distinct from 'ruled_out');

alter table scan_requests
  -- A person asked for it, about a command that is parked: it has a lane of its own, and nobody wakes by it.
  add column for_operator boolean not null default false,
  -- When the scan that answers it was over.
  add column answered_at timestamptz;
