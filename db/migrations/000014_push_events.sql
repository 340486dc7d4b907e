-- Where events are pushed, and how far each payment's have come. Payments wait for themselves only: one whose event is refused
-- holds up no other.
create table push_endpoint (
  only_row boolean primary key default true constraint push_endpoint_is_one_row check (only_row),
  url text not null,
  -- Up to which position of all events the payments were enlisted.
  position bigint not null,
  -- Since when nothing was taken.
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_reason text,
  constraint push_endpoint_disabled_has_a_reason check ((disabled_at is null) = (disabled_reason is null))
);

create table pushes (
  payment_key uuid primary key references payments (key),
  -- Of the event that is pushed next.
  next_sequence integer not null constraint pushes_begin_at_one check (next_sequence >= 1),
  -- How often that event was tried.
  attempts integer not null default 0,
  -- When it is tried next; null when there is none.
  due_at timestamptz,
  last_failure text
);
create index pushes_due_at_idx on pushes (due_at) where due_at is not null;
