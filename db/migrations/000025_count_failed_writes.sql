-- Which failed writes count towards the five after which a command is parked: what others met at the same time, and whether
-- any call went well since. Old code running beside this schema counts as before and writes none of this. Columns are added
-- and the constraint is replaced under a short exclusive lock; the indexes hold few rows and are built under a lock that lets
-- nobody write.
create index attempts_retryable_idx on attempts (finished_at) where outcome = 'retryable';

alter table provider_health
  -- When a call was last turned away: a 429, or no byte of it left.
  add column turned_away_at timestamptz,
  -- When a call went well, as far as anybody asked since one was turned away.
  add column succeeded_at timestamptz;

-- When a person is told that a command's writes are turned away and nobody can say whether by its own fault; infinity once
-- that was told.
alter table commands add column alarm_at timestamptz;
create index commands_alarm_at_idx on commands (alarm_at) where alarm_at is not null;

alter table discrepancies
  drop constraint discrepancies_kind_is_known,
  add constraint discrepancies_kind_is_known check (kind in ('final_contradicted', 'went_back', 'unknown_status', 'disputed',
    'reversed', 'amount_differs', 'inexact_amount', 'status_differs', 'field_differs', 'missing_here', 'missing_there', 'twin',
    'twin_moved', 'orphan_delivery', 'overdue', 'over_refunded', 'late_refund', 'write_turned_away'));
