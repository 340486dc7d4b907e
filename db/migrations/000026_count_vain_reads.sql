-- How often the reads before a refund were answered and told too little to go on. Old code beside this schema counts none
-- and reads on for ever, as before. Columns come with constant defaults under a short exclusive lock.
alter table commands
  -- One after the other, and what they lacked; another lack begins anew.
  add column vain_reads integer not null default 0,
  add column vain_reads_lack text,
  add constraint commands_vain_reads_are_natural check (vain_reads >= 0);
