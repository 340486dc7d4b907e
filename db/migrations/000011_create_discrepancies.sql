-- Disagreements between the mirror and Conomy, each with both sides, a cause, an age and an end. They take the place of
-- payments.alarm, which no release had.
create table discrepancies (
  id uuid primary key default gen_random_uuid(),
  kind text not null constraint discrepancies_kind_is_known check (kind in
    ('final_contradicted', 'went_back', 'unknown_status', 'disputed', 'reversed', 'amount_differs', 'inexact_amount',
     'status_differs', 'field_differs', 'missing_here', 'missing_there', 'twin', 'orphan_delivery', 'overdue')),
  -- Ours, where the payment is mirrored; Conomy's, where it has told one.
  payment_key uuid references payments (key),
  conomy_id text,
  -- The field that differs, where one does.
  field text,
  -- What each side said, and when it was read.
  mirror jsonb not null,
  mirror_read_at timestamptz not null,
  provider jsonb not null,
  provider_read_at timestamptz not null,
  cause text not null constraint discrepancies_have_a_cause check (cause <> ''),
  status text not null default 'open' constraint discrepancies_status_is_known
    check (status in ('open', 'explained', 'repaired', 'accepted')),
  opened_at timestamptz not null default capstan_now(),
  -- When it was last found, and how often.
  seen_at timestamptz not null default capstan_now(),
  times_seen integer not null default 1,
  ended_at timestamptz,
  -- Name of the API key, or `capstan`.
  ended_by text,
  reason text,
  constraint discrepancies_are_of_a_payment check (payment_key is not null or conomy_id is not null),
  constraint discrepancies_end_has_a_time_an_author_and_a_reason check
    (case when status = 'open' then num_nonnulls(ended_at, ended_by, reason) = 0
     else num_nulls(ended_at, ended_by, reason) = 0 end)
);

-- One open row per disagreement: finding it again counts it.
create unique index discrepancies_open_once on discrepancies
  (kind, coalesce(payment_key::text, conomy_id), coalesce(conomy_id, ''), coalesce(field, '')) where status = 'open';
create index discrepancies_payment_key_idx on discrepancies (payment_key, status);
create index discrepancies_opened_at_idx on discrepancies (opened_at, id);
create index discrepancies_status_idx on discrepancies (status, opened_at, id);

alter table payments drop column alarm;
