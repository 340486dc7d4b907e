-- The one source of time for all SQL: the database clock, moved by a per-connection offset that only tests set
-- (`set capstan.clock_offset = '10 minutes'`). Stable, so that indexes on due times are used.
create function capstan_now() returns timestamptz
  language sql stable parallel safe
  as $$
    select statement_timestamp() + coalesce(nullif(current_setting('capstan.clock_offset', true), ''), '0')::interval
  $$;
