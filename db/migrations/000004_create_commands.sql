-- What callers asked for; immutable but for its state. Open rows are their own outbox: `offer_at` says when the
-- relay puts the job into the queue again.
create table commands (
  id uuid primary key,
  -- Order of acceptance.
  position bigint not null generated always as identity constraint commands_position_key unique,
  idempotency_key text not null constraint commands_idempotency_key_key unique,
  -- SHA-256 of the RFC 8785 form of the parsed command.
  fingerprint bytea not null constraint commands_fingerprint_is_sha256 check (octet_length(fingerprint) = 32),
  type text not null constraint commands_type_is_known
    check (type in ('payment.create', 'payment.authorize', 'payment.capture')),
  payment_key uuid not null references payments (key),
  -- The body of `POST /payments` as accepted, for a create; json and not jsonb keeps its text.
  create_body json,
  steps text[] not null,
  -- How many steps are done.
  steps_done smallint not null default 0,
  not_after timestamptz,
  status text not null constraint commands_status_is_known check (status in
    ('accepted', 'blocked', 'executing', 'unresolved', 'succeeded', 'rejected', 'parked', 'canceled')),
  problem jsonb,
  -- Fencing: every claim raises the epoch, every write names it. A worker that lost its claim writes nothing.
  claim_epoch bigint not null default 0,
  claimed_by text,
  claimed_until timestamptz,
  -- Writes of the current step that failed with certainty; five park the command.
  failures smallint not null default 0,
  due_at timestamptz not null default capstan_now(),
  offer_at timestamptz,
  accepted_by text not null,
  accepted_at timestamptz not null default capstan_now(),
  finished_at timestamptz,
  constraint commands_create_has_a_body check ((type = 'payment.create') = (create_body is not null)),
  constraint commands_have_steps check (cardinality(steps) > 0 and steps <@ array['create', 'authorize', 'capture']),
  constraint commands_steps_done_fit check (steps_done between 0 and cardinality(steps)),
  constraint commands_succeeded_did_every_step check (status <> 'succeeded' or steps_done = cardinality(steps)),
  constraint commands_end_has_a_time check
    ((status in ('succeeded', 'rejected', 'canceled')) = (finished_at is not null)),
  constraint commands_bad_end_has_a_problem check (status not in ('rejected', 'parked', 'canceled') or problem is not null),
  constraint commands_only_runnable_are_offered check
    (offer_at is null or status in ('accepted', 'executing', 'unresolved'))
);

create index commands_payment_key_idx on commands (payment_key, position);
create index commands_offer_at_idx on commands (offer_at) where offer_at is not null;
-- Law 4: of one payment's commands at most one is at work; the others wait as `blocked`.
create unique index commands_one_at_work_per_payment on commands (payment_key)
  where status in ('accepted', 'executing', 'unresolved', 'parked');

-- One try at one provider call: inserted before the call, its outcome written once, never deleted.
create table attempts (
  id bigint primary key generated always as identity,
  command_id uuid not null references commands (id),
  payment_key uuid not null references payments (key),
  step smallint not null,
  operation text not null constraint attempts_operation_is_known check (operation in ('create', 'authorize', 'capture')),
  number integer not null constraint attempts_are_numbered_from_one check (number >= 1),
  claim_epoch bigint not null,
  worker text not null,
  started_at timestamptz not null default capstan_now(),
  -- Past it the call can no longer be under way.
  deadline_at timestamptz not null,
  finished_at timestamptz,
  outcome text constraint attempts_outcome_is_known check (outcome in ('succeeded', 'rejected', 'retryable', 'unknown')),
  -- What was seen of the failure: stage, reason, HTTP status, the provider's code, type, detail, trace id.
  failure jsonb,
  -- How an unknown outcome was settled by reading, and when.
  resolution text constraint attempts_resolution_is_known check (resolution in ('succeeded', 'rejected', 'retryable', 'parked')),
  resolved_at timestamptz,
  constraint attempts_number_key unique (command_id, step, number),
  constraint attempts_end_has_a_time check ((outcome is null) = (finished_at is null)),
  constraint attempts_only_unknown_is_resolved check (resolution is null or outcome = 'unknown'),
  constraint attempts_resolution_has_a_time check ((resolution is null) = (resolved_at is null))
);

create index attempts_payment_key_idx on attempts (payment_key);
create unique index attempts_one_under_way_per_command on attempts (command_id) where outcome is null;
-- One Conomy payment is captured (created, authorized) at most once by us.
create unique index attempts_one_success_per_payment on attempts (payment_key, operation)
  where outcome = 'succeeded' or resolution = 'succeeded';

create function attempts_guard_outcome() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'attempt % may not be deleted: attempts are append-only', old.id;
  end if;
  if old.outcome is not null and new.outcome is distinct from old.outcome then
    raise exception 'attempt % already ended as %', old.id, old.outcome;
  end if;
  if old.resolution is not null and new.resolution is distinct from old.resolution then
    raise exception 'attempt % was already resolved as %', old.id, old.resolution;
  end if;
  return new;
end
$$;

create trigger attempts_guard_outcome before update or delete on attempts
  for each row execute function attempts_guard_outcome();

-- Every read made to settle an unknown outcome, as evidence.
create table attempt_reads (
  id bigint primary key generated always as identity,
  attempt_id bigint not null references attempts (id),
  at timestamptz not null default capstan_now(),
  -- When the read began, by the same clock: absence counts only reads begun after the call's deadline.
  began_at timestamptz not null,
  finding text not null constraint attempt_reads_finding_is_known
    check (finding in ('found', 'absent', 'closed', 'ambiguous', 'in_use', 'unclear', 'inconclusive')),
  detail jsonb not null default '{}'::jsonb
);

create index attempt_reads_attempt_id_idx on attempt_reads (attempt_id);
