-- Nothing from outside goes into an index unbounded: an entry that is too long makes PostgreSQL refuse the row. A type is indexed
-- as far as any filter can ask for it; the snapshot keeps it whole. Ids, names and states are bounded where answers and deliveries
-- are parsed. The index is built under a lock that lets nobody write to payments. Old code running beside this schema finds
-- payments of a type without an index, slower and rightly.
drop index payments_type_idx;
create index payments_type_idx on payments (left(snapshot->>'type', 64), accepted_at, key);
