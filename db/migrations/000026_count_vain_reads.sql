-- How often the reads before a refund were answered and told too little to go on, and how often a payment was read as
-- something that comes before its final state. Old code beside this schema counts neither: it reads on for ever and tells a
-- person at once, as before. Columns come with constant defaults under a short exclusive lock.
alter table commands
  -- One after the other, and what they lacked; another lack begins anew.
  add column vain_reads integer not null default 0,
  add column vain_reads_lack text,
  add constraint commands_vain_reads_are_natural check (vain_reads >= 0);

alter table payments
  -- Reads one after the other that were behind the final state, and when the last one was counted.
  add column reads_behind integer not null default 0,
  add column read_behind_at timestamptz,
  add constraint payments_reads_behind_are_natural check (reads_behind >= 0);
