-- Where Conomy says something its documents do not: counted by what it is, never with values.
create table drift (
  kind text not null,
  place text not null,
  name text not null,
  seen text not null,
  times bigint not null constraint drift_was_seen check (times >= 1),
  first_seen_at timestamptz not null default capstan_now(),
  last_seen_at timestamptz not null default capstan_now(),
  primary key (kind, place, name, seen)
);
