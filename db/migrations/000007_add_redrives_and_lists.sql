-- Redrives, and what the lists of commands and payments need. Old code running beside this schema is not affected. The
-- indexes are built under a lock that lets nobody write; on tables of millions of rows migrate while nothing runs.

-- A parked command put back by a person: who, when, why, and what it was parked with. For ever.
create table command_redrives (
  id bigint primary key generated always as identity,
  command_id uuid not null references commands (id),
  at timestamptz not null default capstan_now(),
  -- Name of the API key.
  redriven_by text not null,
  reason text not null constraint command_redrives_have_a_reason check (reason <> ''),
  problem jsonb not null
);

create index command_redrives_command_id_idx on command_redrives (command_id, at);

create function command_redrives_guard() returns trigger language plpgsql as $$
begin
  raise exception 'redrive % may not be changed or deleted: redrives are append-only', old.id;
end
$$;

create trigger command_redrives_guard before update or delete on command_redrives
  for each row execute function command_redrives_guard();

-- `parked` says that reading could not settle the outcome; once a person had it read again, it may be settled.
create or replace function attempts_guard_outcome() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'attempt % may not be deleted: attempts are append-only', old.id;
  end if;
  if old.outcome is not null and new.outcome is distinct from old.outcome then
    raise exception 'attempt % already ended as %', old.id, old.outcome;
  end if;
  if old.resolution is not null and new.resolution is distinct from old.resolution
    and (old.resolution <> 'parked' or new.resolution is null) then
    raise exception 'attempt % was already resolved as %', old.id, old.resolution;
  end if;
  return new;
end
$$;

-- Lists run newest first from a cursor, so every filter's index ends in the order of the list.
create index commands_status_idx on commands (status, position);
create index commands_type_idx on commands (type, position);

-- When we first heard of the payment: from the command that named it first.
alter table payments add column accepted_at timestamptz not null default capstan_now();
update payments p set accepted_at = c.accepted_at
  from (select payment_key, min(accepted_at) as accepted_at from commands group by payment_key) c
  where c.payment_key = p.key;

create index payments_accepted_at_idx on payments (accepted_at, key);
create index payments_status_idx on payments (status, accepted_at, key);
create index payments_type_idx on payments ((snapshot->>'type'), accepted_at, key);
-- The live ones have a unique index; these few are found for the commands of a create that came to nothing.
create index payments_released_external_id_idx on payments (external_id) where external_id_released_at is not null;
