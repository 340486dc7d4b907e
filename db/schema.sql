-- The schema that db/migrations make, read back from PostgreSQL's catalogs. Written by `pnpm db:dump`: never edit it,
-- write a migration. The reasons for tables and constraints are in the migrations and in db/README.md.

CREATE OR REPLACE FUNCTION public.append_event(of_payment uuid, of_type text, of_command uuid, of_version integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  payment record;
begin
  select * into strict payment from payments where key = of_payment for no key update;
  insert into events (payment_key, conomy_id, parent_id, sequence, type, status, final, command_id, version)
  select payment.key, payment.conomy_id,
    coalesce(payment.parent_conomy_id, (select conomy_id from payments where key = payment.parent_key)),
    coalesce(max(e.sequence), 0) + 1, of_type, payment.status, payment.final, of_command, of_version
  from events e where e.payment_key = payment.key;
end
$function$;

CREATE OR REPLACE FUNCTION public.attempts_guard_outcome()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION public.attempts_guard_refund()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'attempt % made refund %, and no other', old.id, old.refund_key;
end
$function$;

CREATE OR REPLACE FUNCTION public.attempts_hold_by_review()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.outcome := 'unknown';
  new.failure := jsonb_set(new.failure, '{reason}', '"answered_REQUIRES_REVIEW"');
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.capstan_now()
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
    select statement_timestamp() + coalesce(nullif(current_setting('capstan.clock_offset', true), ''), '0')::interval
  $function$;

CREATE OR REPLACE FUNCTION public.command_conclusions_guard()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'conclusion % may not be changed or deleted: conclusions are append-only', old.id;
end
$function$;

CREATE OR REPLACE FUNCTION public.command_redrives_guard()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception 'redrive % may not be changed or deleted: redrives are append-only', old.id;
end
$function$;

CREATE OR REPLACE FUNCTION public.commands_tell_upstream()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform append_event(new.payment_key, 'command.' || new.status, new.id, null);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.events_guard()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'UPDATE' and old.position is null and to_jsonb(new) - 'position' = to_jsonb(old) - 'position' then
    return new;
  end if;
  raise exception 'event % may not be changed or deleted: events are append-only', old.id;
end
$function$;

CREATE OR REPLACE FUNCTION public.events_stream()
 RETURNS text
 LANGUAGE sql
 STABLE
AS $function$
  select md5(concat_ws(' ',
    (select system_identifier from pg_control_system()),
    substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
    (select oid from pg_database where datname = current_database()),
    to_regclass('events')::oid
  ))
$function$;

CREATE OR REPLACE FUNCTION public.is_final_status(status text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select coalesce(status in ('SETTLED', 'UNSETTLED', 'EXPIRED', 'FAILED', 'REFUNDED'), false) $function$;

CREATE OR REPLACE FUNCTION public.journal_tell_upstream()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  perform append_event(new.payment_key, 'payment.moved', null, new.version);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.payments_guard_final()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.status is distinct from old.status then
    if old.final and new.cause <> 'operator' then
      raise exception 'payment % is final (%): % may not become % by %', old.key, old.status, old.status, new.status, new.cause;
    end if;
    -- `new.final` is generated after this trigger, hence the function.
    if is_final_status(new.status) and new.cause not in ('read', 'operator') then
      raise exception 'payment % may enter the final state % only by a read, not by %', old.key, new.status, new.cause;
    end if;
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.payments_number_refund()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'UPDATE' then
    -- But for one whose payment turned out to be mirrored under an older key.
    if old.parent_key is not null
      and not exists (select from payments where key = old.parent_key and duplicate_of = new.parent_key) then
      raise exception 'refund % belongs to payment % and may not become one of %', old.key, old.parent_key, new.parent_key;
    end if;
    new.linked_late := true;
  end if;
  new.kind := 'refund';
  update payments set refunds_linked = refunds_linked + 1 where key = new.parent_key
    returning refunds_linked into new.refund_number;
  -- Of a payment that is not there: the foreign key refuses it.
  new.refund_number := coalesce(new.refund_number, 1);
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.payments_refunds_fit()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if new.refundable_minor is null
    or new.refund_done_minor + new.refund_reserved_minor + new.refund_doubtful_minor > new.refundable_minor then
    raise exception 'payment % has no % left to refund', new.key, new.refund_reserved_minor
      using errcode = 'check_violation', constraint = 'payments_refunds_fit_the_payment';
  end if;
  return new;
end
$function$;

CREATE OR REPLACE FUNCTION public.payments_take_refunds()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update payments set parent_key = new.key where parent_conomy_id = new.conomy_id and parent_key is null and key <> new.key;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION public.place_events(most integer)
 RETURNS integer
 LANGUAGE plpgsql
AS $function$
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
$function$;

create table attempt_reads (
  id bigint generated always as identity not null,
  attempt_id bigint not null,
  at timestamp with time zone default capstan_now() not null,
  began_at timestamp with time zone not null,
  finding text not null,
  detail jsonb default '{}'::jsonb not null,
  process text,
  process_ms double precision,
  answered boolean,
  constraint attempt_reads_finding_is_known CHECK ((finding = ANY (ARRAY['found'::text, 'absent'::text, 'closed'::text, 'ambiguous'::text, 'in_use'::text, 'unclear'::text, 'held'::text, 'inconclusive'::text]))),
  constraint attempt_reads_pkey PRIMARY KEY (id),
  constraint attempt_reads_process_has_a_clock CHECK (((process IS NULL) = (process_ms IS NULL)))
);

create table attempts (
  id bigint generated always as identity not null,
  command_id uuid not null,
  payment_key uuid not null,
  step smallint not null,
  operation text not null,
  number integer not null,
  claim_epoch bigint not null,
  worker text not null,
  started_at timestamp with time zone default capstan_now() not null,
  deadline_at timestamp with time zone not null,
  finished_at timestamp with time zone,
  outcome text,
  failure jsonb,
  resolution text,
  resolved_at timestamp with time zone,
  documentation_before text,
  refunds_before integer,
  refunds_listed_at timestamp with time zone,
  refund_key uuid,
  doubtful_minor bigint,
  doubted_from integer,
  not_ours text[],
  constraint attempts_are_numbered_from_one CHECK ((number >= 1)),
  constraint attempts_documentation_is_of_a_document CHECK (((documentation_before IS NULL) OR (operation = 'submit_document'::text))),
  constraint attempts_doubts_have_a_beginning CHECK (((doubtful_minor IS NULL) OR ((doubtful_minor > 0) AND (doubted_from IS NOT NULL)))),
  constraint attempts_end_has_a_time CHECK (((outcome IS NULL) = (finished_at IS NULL))),
  constraint attempts_not_ours_are_ruled_out CHECK (((not_ours IS NULL) OR (NOT (resolution IS DISTINCT FROM 'ruled_out'::text)))),
  constraint attempts_number_key UNIQUE (command_id, step, number),
  constraint attempts_only_unknown_is_resolved CHECK (((resolution IS NULL) OR (outcome = 'unknown'::text))),
  constraint attempts_operation_is_known CHECK ((operation = ANY (ARRAY['create'::text, 'authorize'::text, 'capture'::text, 'refund'::text, 'create_attempt'::text, 'submit_document'::text]))),
  constraint attempts_outcome_is_known CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'rejected'::text, 'retryable'::text, 'unknown'::text]))),
  constraint attempts_pkey PRIMARY KEY (id),
  constraint attempts_refunds_are_of_a_refund CHECK (((operation = 'refund'::text) OR ((refunds_before IS NULL) AND (refunds_listed_at IS NULL) AND (refund_key IS NULL) AND (doubted_from IS NULL)))),
  constraint attempts_resolution_has_a_time CHECK (((resolution IS NULL) = (resolved_at IS NULL))),
  constraint attempts_resolution_is_known CHECK ((resolution = ANY (ARRAY['succeeded'::text, 'rejected'::text, 'retryable'::text, 'parked'::text, 'ruled_out'::text])))
);

create table command_conclusions (
  id bigint generated always as identity not null,
  command_id uuid not null,
  at timestamp with time zone default capstan_now() not null,
  concluded_by text not null,
  reason text not null,
  outcome text not null,
  problem jsonb not null,
  evidence jsonb not null,
  constraint command_conclusions_have_a_reason CHECK ((reason <> ''::text)),
  constraint command_conclusions_outcome_is_known CHECK ((outcome = ANY (ARRAY['made'::text, 'choose'::text, 'not_made'::text, 'give_up'::text, 'confirmed_not_made'::text]))),
  constraint command_conclusions_pkey PRIMARY KEY (id)
);

create table command_redrives (
  id bigint generated always as identity not null,
  command_id uuid not null,
  at timestamp with time zone default capstan_now() not null,
  redriven_by text not null,
  reason text not null,
  problem jsonb not null,
  attempt_id bigint,
  constraint command_redrives_have_a_reason CHECK ((reason <> ''::text)),
  constraint command_redrives_pkey PRIMARY KEY (id)
);

create table commands (
  id uuid not null,
  "position" bigint generated always as identity not null,
  idempotency_key text not null,
  fingerprint bytea not null,
  type text not null,
  payment_key uuid not null,
  create_body json,
  steps text[] not null,
  steps_done smallint default 0 not null,
  not_after timestamp with time zone,
  status text not null,
  problem jsonb,
  claim_epoch bigint default 0 not null,
  claimed_by text,
  claimed_until timestamp with time zone,
  failures smallint default 0 not null,
  due_at timestamp with time zone default capstan_now() not null,
  offer_at timestamp with time zone,
  accepted_by text not null,
  accepted_at timestamp with time zone default capstan_now() not null,
  finished_at timestamp with time zone,
  refund jsonb,
  waits_for text,
  document jsonb,
  alarm_at timestamp with time zone,
  vain_reads integer default 0 not null,
  vain_reads_lack text,
  tries integer default 0 not null,
  vain_spans jsonb,
  constraint commands_bad_end_has_a_problem CHECK (((status <> ALL (ARRAY['rejected'::text, 'parked'::text, 'canceled'::text])) OR (problem IS NOT NULL))),
  constraint commands_create_has_a_body CHECK (((type = ANY (ARRAY['payment.create'::text, 'payment-attempt.create'::text])) = (create_body IS NOT NULL))),
  constraint commands_document_is_there CHECK (((type = 'payment.submit-document'::text) = (document IS NOT NULL))),
  constraint commands_end_has_a_time CHECK (((status = ANY (ARRAY['succeeded'::text, 'rejected'::text, 'canceled'::text])) = (finished_at IS NOT NULL))),
  constraint commands_fingerprint_is_sha256 CHECK ((octet_length(fingerprint) = 32)),
  constraint commands_have_steps CHECK (((cardinality(steps) > 0) AND (steps <@ ARRAY['create'::text, 'authorize'::text, 'capture'::text, 'refund'::text, 'create_attempt'::text, 'submit_document'::text]))),
  constraint commands_idempotency_key_key UNIQUE (idempotency_key),
  constraint commands_only_runnable_are_offered CHECK (((offer_at IS NULL) OR (status = ANY (ARRAY['accepted'::text, 'executing'::text, 'unresolved'::text])))),
  constraint commands_pkey PRIMARY KEY (id),
  constraint commands_position_key UNIQUE ("position"),
  constraint commands_refund_has_an_amount CHECK (((type = 'payment.refund'::text) = (refund IS NOT NULL))),
  constraint commands_status_is_known CHECK ((status = ANY (ARRAY['accepted'::text, 'blocked'::text, 'executing'::text, 'unresolved'::text, 'succeeded'::text, 'rejected'::text, 'parked'::text, 'canceled'::text]))),
  constraint commands_steps_done_fit CHECK (((steps_done >= 0) AND (steps_done <= cardinality(steps)))),
  constraint commands_succeeded_did_every_step CHECK (((status <> 'succeeded'::text) OR (steps_done = cardinality(steps)))),
  constraint commands_type_is_known CHECK ((type = ANY (ARRAY['payment.create'::text, 'payment.authorize'::text, 'payment.capture'::text, 'payment.refund'::text, 'payment-attempt.create'::text, 'payment.submit-document'::text]))),
  constraint commands_vain_reads_are_natural CHECK ((vain_reads >= 0)),
  constraint commands_waits_for_is_known CHECK ((waits_for = ANY (ARRAY['pause'::text, 'provider'::text, 'rate'::text, 'review'::text])))
);

create table compared_days (
  day date not null,
  claimed_by text,
  claimed_until timestamp with time zone,
  completed_at timestamp with time zone,
  counts jsonb,
  constraint compared_days_claim_has_an_end CHECK (((claimed_by IS NULL) = (claimed_until IS NULL))),
  constraint compared_days_complete_ones_have_counts CHECK (((completed_at IS NULL) = (counts IS NULL))),
  constraint compared_days_pkey PRIMARY KEY (day)
);

create table discrepancies (
  id uuid default gen_random_uuid() not null,
  kind text not null,
  payment_key uuid,
  conomy_id text,
  field text,
  mirror jsonb not null,
  mirror_read_at timestamp with time zone not null,
  provider jsonb not null,
  provider_read_at timestamp with time zone not null,
  cause text not null,
  status text default 'open'::text not null,
  opened_at timestamp with time zone default capstan_now() not null,
  seen_at timestamp with time zone default capstan_now() not null,
  times_seen integer default 1 not null,
  ended_at timestamp with time zone,
  ended_by text,
  reason text,
  constraint discrepancies_are_of_a_payment CHECK (((payment_key IS NOT NULL) OR (conomy_id IS NOT NULL))),
  constraint discrepancies_end_has_a_time_an_author_and_a_reason CHECK (
CASE
    WHEN (status = 'open'::text) THEN (num_nonnulls(ended_at, ended_by, reason) = 0)
    ELSE (num_nulls(ended_at, ended_by, reason) = 0)
END),
  constraint discrepancies_have_a_cause CHECK ((cause <> ''::text)),
  constraint discrepancies_kind_is_known CHECK ((kind = ANY (ARRAY['final_contradicted'::text, 'went_back'::text, 'unknown_status'::text, 'disputed'::text, 'reversed'::text, 'amount_differs'::text, 'inexact_amount'::text, 'status_differs'::text, 'field_differs'::text, 'missing_here'::text, 'missing_there'::text, 'twin'::text, 'twin_moved'::text, 'orphan_delivery'::text, 'overdue'::text, 'over_refunded'::text, 'late_refund'::text, 'write_turned_away'::text]))),
  constraint discrepancies_pkey PRIMARY KEY (id),
  constraint discrepancies_status_is_known CHECK ((status = ANY (ARRAY['open'::text, 'explained'::text, 'repaired'::text, 'accepted'::text])))
);

create table drift (
  kind text not null,
  place text not null,
  name text not null,
  seen text not null,
  times bigint not null,
  first_seen_at timestamp with time zone default capstan_now() not null,
  last_seen_at timestamp with time zone default capstan_now() not null,
  constraint drift_pkey PRIMARY KEY (kind, place, name, seen),
  constraint drift_was_seen CHECK ((times >= 1))
);

create table environment (
  only_row boolean default true not null,
  conomy_base_url text not null,
  conomy_client_id text not null,
  created_at timestamp with time zone default capstan_now() not null,
  constraint environment_is_one_row CHECK (only_row),
  constraint environment_pkey PRIMARY KEY (only_row)
);

create table events (
  id bigint generated always as identity not null,
  "position" bigint,
  payment_key uuid not null,
  conomy_id text,
  sequence integer not null,
  type text not null,
  at timestamp with time zone default capstan_now() not null,
  status text,
  final boolean not null,
  command_id uuid,
  version integer,
  parent_id text,
  constraint events_are_numbered_from_one CHECK ((sequence >= 1)),
  constraint events_are_of_a_move_or_a_command CHECK ((((type = 'payment.moved'::text) = (version IS NOT NULL)) AND ((type = 'payment.moved'::text) = (command_id IS NULL)))),
  constraint events_pkey PRIMARY KEY (id),
  constraint events_position_key UNIQUE ("position"),
  constraint events_sequence_key UNIQUE (payment_key, sequence),
  constraint events_type_is_known CHECK ((type = ANY (ARRAY['payment.moved'::text, 'command.succeeded'::text, 'command.rejected'::text, 'command.canceled'::text, 'command.parked'::text])))
);

create table journal (
  payment_key uuid not null,
  version integer not null,
  at timestamp with time zone default capstan_now() not null,
  from_status text,
  to_status text not null,
  cause text not null,
  source_id text,
  constraint journal_cause_is_known CHECK ((cause = ANY (ARRAY['answer'::text, 'delivery'::text, 'read'::text, 'operator'::text]))),
  constraint journal_moves CHECK ((from_status IS DISTINCT FROM to_status)),
  constraint journal_pkey PRIMARY KEY (payment_key, version)
);

create table pauses (
  id uuid not null,
  scope_kind text not null,
  scope_value text,
  reason text not null,
  cause text not null,
  paused_by text not null,
  paused_at timestamp with time zone default capstan_now() not null,
  lifted_by text,
  lifted_at timestamp with time zone,
  constraint pauses_cause_is_known CHECK ((cause = ANY (ARRAY['operator'::text, 'credentials_refused'::text, 'forbidden'::text]))),
  constraint pauses_have_a_reason CHECK ((reason <> ''::text)),
  constraint pauses_lifted_by_somebody CHECK (((lifted_by IS NULL) = (lifted_at IS NULL))),
  constraint pauses_pkey PRIMARY KEY (id),
  constraint pauses_scope_is_known CHECK ((scope_kind = ANY (ARRAY['all'::text, 'operation'::text, 'type'::text, 'payment'::text]))),
  constraint pauses_value_fits_scope CHECK (((scope_kind = 'all'::text) = (scope_value IS NULL)))
);

create table payments (
  key uuid not null,
  conomy_id text,
  external_id text,
  external_id_released_at timestamp with time zone,
  snapshot jsonb default '{}'::jsonb not null,
  status text,
  final boolean generated always as (is_final_status(status)) stored not null,
  version integer default 0 not null,
  cause text default 'accepted'::text not null,
  moved_at timestamp with time zone default capstan_now() not null,
  updated_at timestamp with time zone default capstan_now() not null,
  reads integer default 0 not null,
  offer_at timestamp with time zone,
  kind text default 'payment'::text not null,
  parent_key uuid,
  refundable_minor bigint,
  refund_done_minor bigint default 0 not null,
  refund_reserved_minor bigint default 0 not null,
  accepted_at timestamp with time zone default capstan_now() not null,
  duplicate_of uuid,
  conomy_created_at timestamp with time zone,
  overdue_at timestamp with time zone,
  compared_at timestamp with time zone,
  parent_conomy_id text,
  refund_number integer,
  linked_late boolean default false not null,
  refunds_linked integer default 0 not null,
  refund_doubtful_minor bigint default 0 not null,
  refunds_listed_at timestamp with time zone,
  reads_behind integer default 0 not null,
  read_behind_at timestamp with time zone,
  read_faults integer default 0 not null,
  constraint payments_are_named CHECK (((conomy_id IS NOT NULL) OR (external_id IS NOT NULL) OR (duplicate_of IS NOT NULL))),
  constraint payments_cause_is_known CHECK ((cause = ANY (ARRAY['accepted'::text, 'answer'::text, 'delivery'::text, 'read'::text, 'operator'::text]))),
  constraint payments_conomy_id_key UNIQUE (conomy_id),
  constraint payments_duplicates_have_no_id CHECK (((duplicate_of IS NULL) OR (conomy_id IS NULL))),
  constraint payments_kind_is_known CHECK ((kind = ANY (ARRAY['payment'::text, 'attempt'::text, 'refund'::text]))),
  constraint payments_known_status_has_an_id CHECK (((status IS NULL) OR (conomy_id IS NOT NULL) OR (duplicate_of IS NOT NULL))),
  constraint payments_pkey PRIMARY KEY (key),
  constraint payments_reads_behind_are_natural CHECK ((reads_behind >= 0)),
  constraint payments_refunds_are_not_negative CHECK (((refund_done_minor >= 0) AND (refund_reserved_minor >= 0) AND (refund_doubtful_minor >= 0))),
  constraint payments_refunds_are_numbered CHECK (((parent_key IS NULL) = (refund_number IS NULL))),
  constraint payments_refunds_have_a_parent CHECK (
CASE
    WHEN (kind = 'refund'::text) THEN ((parent_key IS NOT NULL) OR (parent_conomy_id IS NOT NULL))
    ELSE ((parent_key IS NULL) AND (parent_conomy_id IS NULL))
END),
  constraint payments_version_is_natural CHECK ((version >= 0))
);

create table provider_health (
  only_row boolean default true not null,
  breaker text default 'closed'::text not null,
  failures integer default 0 not null,
  failed_payments text[] default '{}'::text[] not null,
  openings integer default 0 not null,
  opened_at timestamp with time zone,
  next_try_at timestamp with time zone,
  forbidden integer default 0 not null,
  forbidden_payments text[] default '{}'::text[] not null,
  calls_per_second double precision,
  rate_changed_at timestamp with time zone,
  write_slot_at timestamp with time zone,
  read_slot_at timestamp with time zone,
  turned_away_at timestamp with time zone,
  succeeded_at timestamp with time zone,
  constraint provider_health_breaker_is_known CHECK ((breaker = ANY (ARRAY['closed'::text, 'open'::text, 'half_open'::text]))),
  constraint provider_health_is_one_row CHECK (only_row),
  constraint provider_health_pkey PRIMARY KEY (only_row),
  constraint provider_health_rate_is_positive CHECK ((calls_per_second > (0)::double precision))
);

create table provider_token (
  only_row boolean default true not null,
  generation bigint default 0 not null,
  sealed bytea,
  expires_at timestamp with time zone,
  failed_at timestamp with time zone,
  failure jsonb,
  constraint provider_token_is_one_row CHECK (only_row),
  constraint provider_token_pkey PRIMARY KEY (only_row)
);

create table push_endpoint (
  only_row boolean default true not null,
  url text not null,
  "position" bigint not null,
  failing_since timestamp with time zone,
  disabled_at timestamp with time zone,
  disabled_reason text,
  recovering boolean default false not null,
  constraint push_endpoint_disabled_has_a_reason CHECK (((disabled_at IS NULL) = (disabled_reason IS NULL))),
  constraint push_endpoint_is_one_row CHECK (only_row),
  constraint push_endpoint_pkey PRIMARY KEY (only_row)
);

create table pushes (
  payment_key uuid not null,
  next_sequence integer not null,
  attempts integer default 0 not null,
  due_at timestamp with time zone,
  last_failure text,
  faults integer default 0 not null,
  constraint pushes_begin_at_one CHECK ((next_sequence >= 1)),
  constraint pushes_pkey PRIMARY KEY (payment_key)
);

create table releases (
  waits_for text not null,
  lane text not null,
  requested_at timestamp with time zone default capstan_now() not null,
  after_position bigint default 0 not null,
  released_to timestamp with time zone,
  passed_over boolean default false not null,
  constraint releases_lane_is_known CHECK ((lane = ANY (ARRAY['read'::text, 'write'::text]))),
  constraint releases_pkey PRIMARY KEY (waits_for, lane),
  constraint releases_waits_for_is_known CHECK ((waits_for = ANY (ARRAY['pause'::text, 'provider'::text])))
);

create table scan_lanes (
  lane text not null,
  held_by bigint not null,
  held_until timestamp with time zone not null,
  takes bigint,
  begun_at timestamp with time zone,
  begun_by text,
  begun_ms double precision,
  place jsonb,
  ids bytea,
  answered_ms double precision,
  constraint scan_lanes_pkey PRIMARY KEY (lane)
);

create table scan_requests (
  id bigint generated always as identity not null,
  lane text not null,
  external_id text not null,
  first_started_at timestamp with time zone not null,
  is_whole boolean not null,
  requested_at timestamp with time zone default capstan_now() not null,
  began_at timestamp with time zone,
  answer jsonb,
  attempt_id bigint,
  is_in_scan boolean,
  found jsonb,
  process text,
  process_ms double precision,
  for_operator boolean default false not null,
  answered_at timestamp with time zone,
  constraint scan_requests_answer_has_a_scan CHECK (((answer IS NULL) = (began_at IS NULL))),
  constraint scan_requests_pkey PRIMARY KEY (id)
);

create table webhook_deliveries (
  id uuid not null,
  body_sha256 bytea not null,
  body bytea not null,
  form text not null,
  event text not null,
  conomy_id text,
  external_id text,
  status text,
  times_received integer default 1 not null,
  received_at timestamp with time zone default capstan_now() not null,
  last_received_at timestamp with time zone default capstan_now() not null,
  offer_at timestamp with time zone,
  applied_at timestamp with time zone,
  payment_key uuid,
  result text,
  signature bytea,
  tries integer default 0 not null,
  failure text,
  constraint webhook_deliveries_applied_has_a_result CHECK (((applied_at IS NULL) = (result IS NULL))),
  constraint webhook_deliveries_body_sha256_is_sha256 CHECK ((octet_length(body_sha256) = 32)),
  constraint webhook_deliveries_body_sha256_key UNIQUE (body_sha256),
  constraint webhook_deliveries_form_is_known CHECK ((form = ANY (ARRAY['body'::text, 'header'::text]))),
  constraint webhook_deliveries_pkey PRIMARY KEY (id),
  constraint webhook_deliveries_result_is_known CHECK ((result = ANY (ARRAY['moved'::text, 'read'::text, 'duplicate'::text, 'stale'::text, 'ignored'::text, 'unmatched'::text, 'unreadable'::text]))),
  constraint webhook_deliveries_signature_is_sha256 CHECK ((octet_length(signature) = 32))
);

alter table attempt_reads add constraint attempt_reads_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES attempts(id);

alter table attempts add constraint attempts_command_id_fkey FOREIGN KEY (command_id) REFERENCES commands(id);

alter table attempts add constraint attempts_payment_key_fkey FOREIGN KEY (payment_key) REFERENCES payments(key);

alter table attempts add constraint attempts_refund_key_fkey FOREIGN KEY (refund_key) REFERENCES payments(key);

alter table command_conclusions add constraint command_conclusions_command_id_fkey FOREIGN KEY (command_id) REFERENCES commands(id);

alter table command_redrives add constraint command_redrives_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES attempts(id);

alter table command_redrives add constraint command_redrives_command_id_fkey FOREIGN KEY (command_id) REFERENCES commands(id);

alter table commands add constraint commands_payment_key_fkey FOREIGN KEY (payment_key) REFERENCES payments(key);

alter table discrepancies add constraint discrepancies_payment_key_fkey FOREIGN KEY (payment_key) REFERENCES payments(key);

alter table events add constraint events_command_id_fkey FOREIGN KEY (command_id) REFERENCES commands(id);

alter table events add constraint events_payment_key_fkey FOREIGN KEY (payment_key) REFERENCES payments(key);

alter table journal add constraint journal_payment_key_fkey FOREIGN KEY (payment_key) REFERENCES payments(key);

alter table payments add constraint payments_duplicate_of_fkey FOREIGN KEY (duplicate_of) REFERENCES payments(key);

alter table payments add constraint payments_parent_key_fkey FOREIGN KEY (parent_key) REFERENCES payments(key);

alter table pushes add constraint pushes_payment_key_fkey FOREIGN KEY (payment_key) REFERENCES payments(key);

alter table scan_requests add constraint scan_requests_attempt_id_fkey FOREIGN KEY (attempt_id) REFERENCES attempts(id);

alter table webhook_deliveries add constraint webhook_deliveries_payment_key_fkey FOREIGN KEY (payment_key) REFERENCES payments(key);

CREATE INDEX attempt_reads_attempt_id_idx ON public.attempt_reads USING btree (attempt_id);

CREATE INDEX attempts_doubtful_idx ON public.attempts USING btree (payment_key) WHERE (doubtful_minor IS NOT NULL);

CREATE UNIQUE INDEX attempts_one_success_per_command ON public.attempts USING btree (command_id, operation) WHERE (((outcome = 'succeeded'::text) OR (resolution = 'succeeded'::text)) AND (operation = ANY (ARRAY['refund'::text, 'submit_document'::text])));

CREATE UNIQUE INDEX attempts_one_success_per_payment ON public.attempts USING btree (payment_key, operation) WHERE (((outcome = 'succeeded'::text) OR (resolution = 'succeeded'::text)) AND (operation <> ALL (ARRAY['refund'::text, 'submit_document'::text])));

CREATE UNIQUE INDEX attempts_one_under_way_per_command ON public.attempts USING btree (command_id) WHERE (outcome IS NULL);

CREATE INDEX attempts_payment_key_idx ON public.attempts USING btree (payment_key);

CREATE UNIQUE INDEX attempts_refund_key_key ON public.attempts USING btree (refund_key) WHERE (refund_key IS NOT NULL);

CREATE INDEX attempts_retryable_idx ON public.attempts USING btree (finished_at) WHERE (outcome = 'retryable'::text);

CREATE INDEX command_conclusions_command_id_idx ON public.command_conclusions USING btree (command_id, at);

CREATE INDEX command_redrives_command_id_idx ON public.command_redrives USING btree (command_id, at);

CREATE INDEX commands_alarm_at_idx ON public.commands USING btree (alarm_at) WHERE (alarm_at IS NOT NULL);

CREATE INDEX commands_not_after_idx ON public.commands USING btree (not_after) WHERE ((not_after IS NOT NULL) AND (status = ANY (ARRAY['accepted'::text, 'blocked'::text, 'executing'::text])));

CREATE INDEX commands_offer_at_idx ON public.commands USING btree (offer_at) WHERE (offer_at IS NOT NULL);

CREATE UNIQUE INDEX commands_one_at_work_per_payment ON public.commands USING btree (payment_key, ((type = 'payment.submit-document'::text))) WHERE (status = ANY (ARRAY['accepted'::text, 'executing'::text, 'unresolved'::text, 'parked'::text]));

CREATE INDEX commands_payment_key_idx ON public.commands USING btree (payment_key, "position");

CREATE INDEX commands_status_idx ON public.commands USING btree (status, "position");

CREATE INDEX commands_type_idx ON public.commands USING btree (type, "position");

CREATE INDEX commands_waits_for_idx ON public.commands USING btree (waits_for, (
CASE
    WHEN (status = 'unresolved'::text) THEN 'read'::text
    ELSE 'write'::text
END), "position") WHERE (waits_for IS NOT NULL);

CREATE INDEX discrepancies_conomy_id_idx ON public.discrepancies USING btree (conomy_id) WHERE (status = 'open'::text);

CREATE UNIQUE INDEX discrepancies_open_once ON public.discrepancies USING btree (kind, COALESCE((payment_key)::text, conomy_id), COALESCE(conomy_id, ''::text), COALESCE(field, ''::text)) WHERE (status = 'open'::text);

CREATE INDEX discrepancies_opened_at_idx ON public.discrepancies USING btree (opened_at, id);

CREATE INDEX discrepancies_payment_key_idx ON public.discrepancies USING btree (payment_key, status);

CREATE INDEX discrepancies_status_idx ON public.discrepancies USING btree (status, opened_at, id);

CREATE INDEX events_command_id_idx ON public.events USING btree (command_id) WHERE (command_id IS NOT NULL);

CREATE INDEX events_without_position_idx ON public.events USING btree (id) WHERE ("position" IS NULL);

CREATE INDEX journal_at_idx ON public.journal USING brin (at);

CREATE INDEX pauses_in_force_idx ON public.pauses USING btree (paused_at, id) WHERE (lifted_at IS NULL);

CREATE UNIQUE INDEX pauses_one_of_our_own_per_cause ON public.pauses USING btree (cause) WHERE ((lifted_at IS NULL) AND (cause <> 'operator'::text));

CREATE INDEX payments_accepted_at_idx ON public.payments USING btree (accepted_at, key);

CREATE INDEX payments_created_idx ON public.payments USING btree (COALESCE(conomy_created_at, accepted_at), key) WHERE ((conomy_id IS NOT NULL) AND (kind = 'payment'::text));

CREATE UNIQUE INDEX payments_live_external_id_key ON public.payments USING btree (external_id) WHERE (external_id_released_at IS NULL);

CREATE INDEX payments_offer_at_idx ON public.payments USING btree (offer_at) WHERE (offer_at IS NOT NULL);

CREATE INDEX payments_overdue_at_idx ON public.payments USING btree (overdue_at) WHERE (overdue_at IS NOT NULL);

CREATE INDEX payments_parent_conomy_id_idx ON public.payments USING hash (parent_conomy_id) WHERE ((parent_conomy_id IS NOT NULL) AND (parent_key IS NULL));

CREATE INDEX payments_read_faults_idx ON public.payments USING btree (updated_at) WHERE (read_faults >= 5);

CREATE UNIQUE INDEX payments_refund_number_key ON public.payments USING btree (parent_key, refund_number) WHERE (parent_key IS NOT NULL);

CREATE INDEX payments_released_external_id_idx ON public.payments USING btree (external_id) WHERE (external_id_released_at IS NOT NULL);

CREATE INDEX payments_status_idx ON public.payments USING btree (status, accepted_at, key);

CREATE INDEX payments_type_idx ON public.payments USING btree ("left"((snapshot ->> 'type'::text), 64), accepted_at, key);

CREATE INDEX pushes_due_at_idx ON public.pushes USING btree (due_at) WHERE (due_at IS NOT NULL);

CREATE INDEX pushes_faults_idx ON public.pushes USING btree (payment_key) WHERE (faults >= 5);

CREATE UNIQUE INDEX scan_requests_attempt_id_key ON public.scan_requests USING btree (attempt_id);

CREATE INDEX scan_requests_lane_idx ON public.scan_requests USING btree (lane);

CREATE INDEX webhook_deliveries_conomy_id_idx ON public.webhook_deliveries USING btree (conomy_id, status);

CREATE INDEX webhook_deliveries_offer_at_idx ON public.webhook_deliveries USING btree (offer_at) WHERE (offer_at IS NOT NULL);

CREATE INDEX webhook_deliveries_payment_key_idx ON public.webhook_deliveries USING btree (payment_key);

CREATE INDEX webhook_deliveries_unmatched_external_id_idx ON public.webhook_deliveries USING btree (external_id) WHERE (result = 'unmatched'::text);

CREATE INDEX webhook_deliveries_unmatched_idx ON public.webhook_deliveries USING btree (conomy_id) WHERE (result = 'unmatched'::text);

CREATE INDEX webhook_deliveries_unreadable_idx ON public.webhook_deliveries USING btree (applied_at) WHERE (result = 'unreadable'::text);

CREATE TRIGGER attempts_guard_outcome BEFORE DELETE OR UPDATE ON attempts FOR EACH ROW EXECUTE FUNCTION attempts_guard_outcome();

CREATE TRIGGER attempts_guard_refund BEFORE UPDATE OF refund_key ON attempts FOR EACH ROW WHEN (old.refund_key IS NOT NULL AND new.refund_key IS DISTINCT FROM old.refund_key) EXECUTE FUNCTION attempts_guard_refund();

CREATE TRIGGER attempts_hold_by_review BEFORE UPDATE OF outcome ON attempts FOR EACH ROW WHEN (old.outcome IS NULL AND new.outcome = 'retryable'::text AND (new.failure ->> 'reason'::text) = 'requires_review'::text) EXECUTE FUNCTION attempts_hold_by_review();

CREATE TRIGGER command_conclusions_guard BEFORE DELETE OR UPDATE ON command_conclusions FOR EACH ROW EXECUTE FUNCTION command_conclusions_guard();

CREATE TRIGGER command_redrives_guard BEFORE DELETE OR UPDATE ON command_redrives FOR EACH ROW EXECUTE FUNCTION command_redrives_guard();

CREATE TRIGGER commands_tell_upstream AFTER UPDATE OF status ON commands FOR EACH ROW WHEN (new.status IS DISTINCT FROM old.status AND (new.status = ANY (ARRAY['succeeded'::text, 'rejected'::text, 'canceled'::text, 'parked'::text]))) EXECUTE FUNCTION commands_tell_upstream();

CREATE TRIGGER events_guard BEFORE DELETE OR UPDATE ON events FOR EACH ROW EXECUTE FUNCTION events_guard();

CREATE TRIGGER journal_tell_upstream AFTER INSERT ON journal FOR EACH ROW EXECUTE FUNCTION journal_tell_upstream();

CREATE TRIGGER payments_guard_final BEFORE UPDATE OF status ON payments FOR EACH ROW EXECUTE FUNCTION payments_guard_final();

CREATE TRIGGER payments_number_linked_refund BEFORE UPDATE OF parent_key ON payments FOR EACH ROW WHEN (new.parent_key IS DISTINCT FROM old.parent_key) EXECUTE FUNCTION payments_number_refund();

CREATE TRIGGER payments_number_refund BEFORE INSERT ON payments FOR EACH ROW WHEN (new.parent_key IS NOT NULL) EXECUTE FUNCTION payments_number_refund();

CREATE TRIGGER payments_refunds_fit BEFORE INSERT ON payments FOR EACH ROW WHEN (new.refund_reserved_minor > 0) EXECUTE FUNCTION payments_refunds_fit();

CREATE TRIGGER payments_refunds_fit_when_reserved BEFORE UPDATE OF refund_reserved_minor ON payments FOR EACH ROW WHEN (new.refund_reserved_minor > old.refund_reserved_minor) EXECUTE FUNCTION payments_refunds_fit();

CREATE TRIGGER payments_take_refunds AFTER INSERT ON payments FOR EACH ROW WHEN (new.conomy_id IS NOT NULL) EXECUTE FUNCTION payments_take_refunds();

CREATE TRIGGER payments_take_refunds_when_bound AFTER UPDATE OF conomy_id ON payments FOR EACH ROW WHEN (new.conomy_id IS DISTINCT FROM old.conomy_id AND new.conomy_id IS NOT NULL) EXECUTE FUNCTION payments_take_refunds();
