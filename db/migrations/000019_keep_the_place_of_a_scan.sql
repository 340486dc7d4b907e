-- A list too long for one turn is scanned over several, by whichever capturer is next, and what a read says of time is told by
-- the clock of the process that read. Columns are added without a default, so no row is rewritten; each lock is held for a moment.
-- Old code beside this schema scans lanes of its own (their names differ), and its reads count as reads, not as time.
alter table attempt_reads
  -- Who read, and when the read began by a clock of that process that never jumps; null: of before.
  add column process text,
  add column process_ms double precision,
  -- The provider told something, so that the read counts for how long we have been asking.
  add column answered boolean,
  add constraint attempt_reads_process_has_a_clock check ((process is null) = (process_ms is null)) not valid;
alter table attempt_reads validate constraint attempt_reads_process_has_a_clock;

alter table scan_requests
  -- The attempt that is looked for; null: of old code.
  add column attempt_id bigint constraint scan_requests_attempt_id_fkey references attempts (id),
  -- Asked before the scan of its lane that is under way began.
  add column is_in_scan boolean,
  -- Rows that may be the ones looked for, of the turns so far.
  add column found jsonb,
  add column process text,
  add column process_ms double precision;
create unique index scan_requests_attempt_id_key on scan_requests (attempt_id);
create index scan_requests_lane_idx on scan_requests (lane);

alter table scan_lanes
  -- How often it was taken: who took it before can write nothing more.
  add column takes bigint,
  -- When the scan under way began, by the database clock and by that of the process which began it.
  add column begun_at timestamptz,
  add column begun_by text,
  add column begun_ms double precision,
  -- Where its last turn stopped, and the ids seen until then, eight bytes each.
  add column place jsonb,
  add column ids bytea,
  -- For how long the provider has been answering the scans of this lane without one of them coming to its end.
  add column answered_ms double precision;
