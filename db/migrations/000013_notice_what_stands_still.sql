-- When a payment has been in its state for too long, what deliveries told of payments nobody knows yet, and the time index of the
-- journal. Old code running beside this schema leaves overdue_at as it is, so that an alarm may come for a payment that has moved;
-- its next read explains it. The indexes are built under a lock that lets nobody write.
alter table payments add column overdue_at timestamptz;
-- Those under way are given a day.
update payments set overdue_at = capstan_now() + interval '1 day' where not final and status is not null and status <> 'ATTEMPT';
create index payments_overdue_at_idx on payments (overdue_at) where overdue_at is not null;

create index webhook_deliveries_unmatched_external_id_idx on webhook_deliveries (external_id) where result = 'unmatched';
create index webhook_deliveries_conomy_id_idx on webhook_deliveries (conomy_id, status);

-- Moves are appended in the order of time, so a few pages of this index serve all of them.
create index journal_at_idx on journal using brin (at);
