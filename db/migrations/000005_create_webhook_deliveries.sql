-- Verified webhooks as they arrived, stored before the 2xx. The same bytes again are the same delivery.
create table webhook_deliveries (
  id uuid primary key,
  body_sha256 bytea not null constraint webhook_deliveries_body_sha256_key unique
    constraint webhook_deliveries_body_sha256_is_sha256 check (octet_length(body_sha256) = 32),
  body bytea not null,
  form text not null constraint webhook_deliveries_form_is_known check (form in ('body', 'header')),
  event text not null,
  conomy_id text,
  external_id text,
  status text,
  times_received integer not null default 1,
  received_at timestamptz not null default capstan_now(),
  last_received_at timestamptz not null default capstan_now(),
  -- When the relay offers it again; null once applied.
  offer_at timestamptz,
  applied_at timestamptz,
  payment_key uuid references payments (key),
  -- What it did: moved the mirror, caused a read, was a duplicate, stale, unknown or of no payment of ours.
  result text constraint webhook_deliveries_result_is_known
    check (result in ('moved', 'read', 'duplicate', 'stale', 'ignored', 'unmatched')),
  constraint webhook_deliveries_applied_has_a_result check ((applied_at is null) = (result is null))
);

create index webhook_deliveries_offer_at_idx on webhook_deliveries (offer_at) where offer_at is not null;
create index webhook_deliveries_payment_key_idx on webhook_deliveries (payment_key);
create index webhook_deliveries_unmatched_idx on webhook_deliveries (conomy_id) where result = 'unmatched';
