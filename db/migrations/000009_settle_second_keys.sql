-- Two keys of ours that turn out to be one Conomy payment: the older keeps the Conomy id, the younger names the older.
-- Old code running beside this schema is not affected. The constraints are checked under a lock that lets nobody write.

alter table payments add column duplicate_of uuid references payments (key);

alter table payments
  drop constraint payments_are_named,
  drop constraint payments_known_status_has_an_id,
  add constraint payments_are_named
    check (conomy_id is not null or external_id is not null or duplicate_of is not null),
  add constraint payments_known_status_has_an_id
    check (status is null or conomy_id is not null or duplicate_of is not null),
  add constraint payments_duplicates_have_no_id check (duplicate_of is null or conomy_id is null);
