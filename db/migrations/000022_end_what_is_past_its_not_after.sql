-- Open commands by their notAfter instant, so that each is ended soon after it, also while it is blocked, waits for a pause
-- or stands in a long line. The index holds only those that have one. It is built under a lock that lets nobody write
-- commands. Old code running beside this schema ends them when it next claims them.
create index commands_not_after_idx on commands (not_after)
  where not_after is not null and status in ('accepted', 'blocked', 'executing');
