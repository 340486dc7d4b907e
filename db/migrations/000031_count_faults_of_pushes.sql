-- A push that fails by the event or by what came of it, and neither by the receiver nor by the database, is counted on its row, tried
-- ever more rarely and, after some tries, told to a person. The column is added without rewriting the table; the index is built under
-- a lock that lets nobody write to the few rows of pushes. Old code running beside this schema counts nothing and tries every few
-- seconds, as it did.
alter table pushes
  -- Tries in a row of that event that ended in nothing that could be written.
  add column faults integer not null default 0;
create index pushes_faults_idx on pushes (payment_key) where faults >= 5;
