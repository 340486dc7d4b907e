-- Nothing from outside goes into an index unbounded: an entry that is too long makes PostgreSQL refuse the row. A type is indexed
-- as far as any filter can ask for it; the snapshot keeps it whole. Ids, names and states are bounded where answers and deliveries
-- are parsed. The index is built under a lock that lets nobody write to payments. Old code running beside this schema finds
-- payments of a type without an index, slower and rightly.
drop index payments_type_idx;
create index payments_type_idx on payments (left(snapshot->>'type', 64), accepted_at, key);

-- Work that fails by what it works on, and not by the database or the provider, is counted on its row and, after some tries, set
-- aside: a delivery ends as `unreadable`, a command is parked, a payment is read rarely. Old code running beside this schema counts nothing and tries
-- for ever, as it did. The columns are added without rewriting the tables; the check and the indexes are made under locks that let
-- nobody write.
alter table webhook_deliveries
  add column tries integer not null default 0,
  -- Kind and SQLSTATE of the newest failure; its text may hold what somebody wrote.
  add column failure text,
  drop constraint webhook_deliveries_result_is_known,
  add constraint webhook_deliveries_result_is_known
    check (result in ('moved', 'read', 'duplicate', 'stale', 'ignored', 'unmatched', 'unreadable'));
create index webhook_deliveries_unreadable_idx on webhook_deliveries (applied_at) where result = 'unreadable';

-- Turns in a row that ended in nothing that could be written.
alter table commands add column tries integer not null default 0;

-- Reads in a row whose answer could not be applied.
alter table payments add column read_faults integer not null default 0;
create index payments_read_faults_idx on payments (updated_at) where read_faults >= 5;
