create function is_final_status(status text) returns boolean
  language sql immutable parallel safe
  as $$ select coalesce(status in ('SETTLED', 'UNSETTLED', 'EXPIRED', 'FAILED', 'REFUNDED'), false) $$;

-- The mirror: one row per payment under our own key, from the acceptance of its first command on.
create table payments (
  key uuid primary key,
  conomy_id text constraint payments_conomy_id_key unique,
  external_id text,
  -- Set when the create ended without a payment: the externalId is free again.
  external_id_released_at timestamptz,
  -- What is known of the payment under Conomy's names: the create body, overlaid by every answer.
  snapshot jsonb not null default '{}'::jsonb,
  -- As Conomy sends it; null until known.
  status text,
  final boolean not null generated always as (is_final_status(status)) stored,
  version integer not null default 0,
  cause text not null default 'accepted',
  moved_at timestamptz not null default capstan_now(),
  updated_at timestamptz not null default capstan_now(),
  -- Reads since the last move; the schedule grows with it.
  reads integer not null default 0,
  -- When the relay offers the next read; null when none is wanted.
  offer_at timestamptz,
  -- What a person should look at, in one word; null when nothing.
  alarm text,
  constraint payments_version_is_natural check (version >= 0),
  constraint payments_cause_is_known check (cause in ('accepted', 'answer', 'delivery', 'read', 'operator')),
  constraint payments_known_status_has_an_id check (status is null or conomy_id is not null),
  constraint payments_are_named check (conomy_id is not null or external_id is not null)
);

create unique index payments_live_external_id_key on payments (external_id)
  where external_id_released_at is null;
create index payments_offer_at_idx on payments (offer_at) where offer_at is not null;

-- Law 5: a final state is entered by a read and left by nobody but an operator's repair.
create function payments_guard_final() returns trigger language plpgsql as $$
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
$$;

create trigger payments_guard_final before update of status on payments
  for each row execute function payments_guard_final();

-- Every move of a mirror, for ever. `version` is gap-free per payment.
create table journal (
  payment_key uuid not null references payments (key),
  version integer not null,
  at timestamptz not null default capstan_now(),
  from_status text,
  to_status text not null,
  cause text not null constraint journal_cause_is_known check (cause in ('answer', 'delivery', 'read', 'operator')),
  -- The attempt or delivery that told it, where there is one.
  source_id text,
  primary key (payment_key, version),
  constraint journal_moves check (from_status is distinct from to_status)
);
