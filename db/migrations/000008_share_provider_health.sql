-- What all processes know together of the provider's state, the token they share, the pauses, and why a command waits.
-- Old code running beside this schema is not affected: it neither reads nor writes any of it.

-- Written only when something is wrong with the provider, or right again; never by a call that went well.
create table provider_health (
  only_row boolean primary key default true constraint provider_health_is_one_row check (only_row),
  breaker text not null default 'closed' constraint provider_health_breaker_is_known
    check (breaker in ('closed', 'open', 'half_open')),
  -- Calls in a row that failed for the provider's reasons, and up to three of the payments they were about.
  failures integer not null default 0,
  failed_payments text[] not null default '{}',
  -- How often it opened since it was last closed: the waits between probes grow with it.
  openings integer not null default 0,
  opened_at timestamptz,
  -- Open: when the next probe may leave. Half-open: when the write that is let through is given up.
  next_try_at timestamptz,
  -- Writes in a row that were refused with 403, and up to three of their payments.
  forbidden integer not null default 0,
  forbidden_payments text[] not null default '{}',
  -- Of all processes together; null while no 429 has come for long: then nothing is counted.
  calls_per_second double precision constraint provider_health_rate_is_positive check (calls_per_second > 0),
  rate_changed_at timestamptz,
  -- The next free slot of each lane while the rate is limited.
  write_slot_at timestamptz,
  read_slot_at timestamptz
);
insert into provider_health default values;

-- The bearer token, sealed with a key made from the client secret, so that a copy of the database gives nobody access.
create table provider_token (
  only_row boolean primary key default true constraint provider_token_is_one_row check (only_row),
  -- Rises with each renewal; a process that was refused with one asks for a later one.
  generation bigint not null default 0,
  sealed bytea,
  expires_at timestamptz,
  -- The newest renewal that failed, shared by all who waited for it.
  failed_at timestamptz,
  failure jsonb
);
insert into provider_token default values;

-- While a pause is in force no new write of its scope is begun. Kept for ever, with who set and who lifted it.
create table pauses (
  id uuid primary key,
  scope_kind text not null constraint pauses_scope_is_known check (scope_kind in ('all', 'operation', 'type', 'payment')),
  -- An operation, a command type or payment type, or our key of a payment.
  scope_value text,
  reason text not null constraint pauses_have_a_reason check (reason <> ''),
  -- `operator`, or what made Capstan pause by itself.
  cause text not null constraint pauses_cause_is_known check (cause in ('operator', 'credentials_refused', 'forbidden')),
  -- Name of the API key, or `capstan`.
  paused_by text not null,
  paused_at timestamptz not null default capstan_now(),
  lifted_by text,
  lifted_at timestamptz,
  constraint pauses_value_fits_scope check ((scope_kind = 'all') = (scope_value is null)),
  constraint pauses_lifted_by_somebody check ((lifted_by is null) = (lifted_at is null))
);

create index pauses_in_force_idx on pauses (paused_at, id) where lifted_at is null;
-- One failure seen by many workers at once makes one pause.
create unique index pauses_one_of_our_own_per_cause on pauses (cause) where lifted_at is null and cause <> 'operator';

-- Why a command that is at work does nothing now; null when it waits for nothing but its next try.
alter table commands add column waits_for text constraint commands_waits_for_is_known
  check (waits_for in ('pause', 'provider', 'rate', 'review'));
-- Few rows as a rule: they are found when the pause is lifted or the provider is back.
create index commands_waits_for_idx on commands (waits_for, position) where waits_for is not null;
