-- What upstream is told: one event per move of a mirror and per end of a command, written by the schema itself in the same
-- transaction, so that no code path, an older release running beside this schema included, can change state in silence.
-- Locks: adding the triggers locks journal and commands for the moment it takes. What happened before has no events.
create table events (
  id bigint primary key generated always as identity,
  -- Its place among all events; given after the commit, one after the other and without a gap, so that a reader who has
  -- seen N has seen everything below N. Null until somebody reads.
  position bigint constraint events_position_key unique,
  payment_key uuid not null references payments (key),
  -- As known when it happened; what is sent again is the same.
  conomy_id text,
  -- From 1 per payment, without a gap.
  sequence integer not null constraint events_are_numbered_from_one check (sequence >= 1),
  type text not null constraint events_type_is_known check (type in
    ('payment.moved', 'command.succeeded', 'command.rejected', 'command.canceled', 'command.parked')),
  at timestamptz not null default capstan_now(),
  -- Of the payment, once it had happened.
  status text,
  final boolean not null,
  command_id uuid references commands (id),
  -- Of the move in the journal.
  version integer,
  constraint events_sequence_key unique (payment_key, sequence),
  constraint events_are_of_a_move_or_a_command check
    ((type = 'payment.moved') = (version is not null) and (type = 'payment.moved') = (command_id is null))
);

create index events_without_position_idx on events (id) where position is null;
create index events_command_id_idx on events (command_id) where command_id is not null;

-- Appends an event of a payment. The payment's row is locked first: whoever holds it has committed the events before.
create function append_event(of_payment uuid, of_type text, of_command uuid, of_version integer) returns void
language plpgsql as $$
declare
  payment record;
begin
  select * into strict payment from payments where key = of_payment for no key update;
  insert into events (payment_key, conomy_id, sequence, type, status, final, command_id, version)
  select payment.key, payment.conomy_id, coalesce(max(e.sequence), 0) + 1, of_type, payment.status, payment.final,
    of_command, of_version
  from events e where e.payment_key = payment.key;
end
$$;

create function journal_tell_upstream() returns trigger language plpgsql as $$
begin
  perform append_event(new.payment_key, 'payment.moved', null, new.version);
  return null;
end
$$;
create trigger journal_tell_upstream after insert on journal
  for each row execute function journal_tell_upstream();

create function commands_tell_upstream() returns trigger language plpgsql as $$
begin
  perform append_event(new.payment_key, 'command.' || new.status, new.id, null);
  return null;
end
$$;
create trigger commands_tell_upstream after update of status on commands
  for each row when (new.status is distinct from old.status
    and new.status in ('succeeded', 'rejected', 'canceled', 'parked'))
  execute function commands_tell_upstream();

create function events_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.position is null and to_jsonb(new) - 'position' = to_jsonb(old) - 'position' then
    return new;
  end if;
  raise exception 'event % may not be changed or deleted: events are append-only', old.id;
end
$$;
create trigger events_guard before update or delete on events for each row execute function events_guard();

-- Gives the next positions to up to `most` events that are committed and have none. One caller at a time, and each sees
-- what the one before committed: the lock is held until the end of the transaction, and the update begins after it.
create function place_events(most integer) returns integer language plpgsql as $$
declare
  placed integer;
begin
  if not exists (select from events where position is null) then
    return 0;
  end if;
  perform pg_advisory_xact_lock(hashtext('capstan.events'));
  with pending as (
    select id, row_number() over (order by id) as nth
    from (select id from events where position is null order by id limit most) as waiting
  )
  update events e set position = nth + (select coalesce(max(position), 0) from events)
  from pending where pending.id = e.id;
  get diagnostics placed = row_count;
  return placed;
end
$$;
