-- A key that came in double quotes was kept with them, and is the bare key from now on: a repeat must find its command. Where the bare
-- key has a command of its own, both stay as they are. Locks nothing but the rows it changes, of which most databases have none. Old
-- code running beside this schema does not find such a key in quotes, so end its api processes before the new ones start if your
-- callers send them.
update commands c set idempotency_key = btrim(idempotency_key, '"')
where idempotency_key ~ '^"[]!#-[^-~]{1,253}"$'
  and not exists (select from commands bare where bare.idempotency_key = btrim(c.idempotency_key, '"'));

-- Which line of positions events have here. It changes when the database is another one: restored from a copy or a dump, brought back
-- to an instant, or promoted, since what was told behind that instant is lost and its positions are given anew. Nothing is stored: a
-- copy would hold the same.
create function events_stream() returns text language sql stable as $$
  select md5(concat_ws(' ',
    (select system_identifier from pg_control_system()),
    substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
    (select oid from pg_database where datname = current_database()),
    to_regclass('events')::oid
  ))
$$;
