-- The comparison of Conomy's lists with the mirror, day by day. The index is built under a lock that lets nobody write; on tables of
-- millions of rows migrate while nothing runs.

-- When Conomy says it created the payment; its lists go by this time.
alter table payments add column conomy_created_at timestamptz;
update payments set conomy_created_at = (snapshot->>'createdAt')::timestamptz
  where snapshot->>'createdAt' ~ '^(19|20)\d\d-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$';
create index payments_created_idx on payments (coalesce(conomy_created_at, accepted_at), key)
  where conomy_id is not null and kind = 'payment';

-- A day (UTC) that was compared whole, or is being compared. What was compared of a day that is not complete counts for nothing.
create table compared_days (
  day date primary key,
  claimed_by text,
  claimed_until timestamptz,
  completed_at timestamptz,
  -- How much was listed, agreed and differed.
  counts jsonb,
  constraint compared_days_complete_ones_have_counts check ((completed_at is null) = (counts is null)),
  constraint compared_days_claim_has_an_end check ((claimed_by is null) = (claimed_until is null))
);

create index discrepancies_conomy_id_idx on discrepancies (conomy_id) where status = 'open';
