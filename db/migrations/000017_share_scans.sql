-- One scan of an account's payments serves every create of unknown outcome that may be in it, whichever capturer holds its
-- command. Both tables are empty while no create is unknown. Old code running beside this schema scans for itself.
create table scan_requests (
  id bigint generated always as identity,
  -- What is scanned: operation, account and type.
  lane text not null,
  external_id text not null,
  -- When the first attempt of the create began: where the scan may end.
  first_started_at timestamptz not null,
  -- From what this scan shows absence may be concluded, so it must look everywhere.
  is_whole boolean not null,
  requested_at timestamptz not null default capstan_now(),
  -- When the scan began that answers it.
  began_at timestamptz,
  answer jsonb,
  constraint scan_requests_pkey primary key (id),
  constraint scan_requests_answer_has_a_scan check ((answer is null) = (began_at is null))
);

-- One scan that is under way: nobody else scans its lane before `held_until`.
create table scan_lanes (
  lane text not null,
  -- The request of whoever scans.
  held_by bigint not null,
  held_until timestamptz not null,
  constraint scan_lanes_pkey primary key (lane)
);
