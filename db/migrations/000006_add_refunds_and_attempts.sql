-- Refund commands with what they give back, and payment attempts. Old code running beside this schema writes neither
-- and reads the new columns of none of its own rows. Constraints are replaced under a short exclusive lock.
alter table payments
  -- Under which path Conomy serves it: an attempt is read as an attempt; a refund is a payment with a parent.
  add column kind text not null default 'payment'
    constraint payments_kind_is_known check (kind in ('payment', 'attempt', 'refund')),
  add column parent_key uuid references payments (key),
  -- Of a parent, in minor units of its currency, as of the last full read before a refund: its whole amount, what its
  -- refunds gave or are giving back, and what the refund command now at work may give back on top.
  add column refundable_minor bigint,
  add column refund_done_minor bigint not null default 0,
  add column refund_reserved_minor bigint not null default 0,
  add constraint payments_refunds_have_a_parent check ((kind = 'refund') = (parent_key is not null)),
  add constraint payments_refunds_are_not_negative check (refund_done_minor >= 0 and refund_reserved_minor >= 0),
  add constraint payments_refunds_fit_the_payment
    check (refund_reserved_minor = 0 or refund_done_minor + refund_reserved_minor <= refundable_minor);

create index payments_parent_key_idx on payments (parent_key) where parent_key is not null;

alter table commands
  -- `{amount, currency, reason?}` of a refund, as accepted.
  add column refund jsonb,
  drop constraint commands_type_is_known,
  drop constraint commands_create_has_a_body,
  drop constraint commands_have_steps,
  add constraint commands_type_is_known check (type in
    ('payment.create', 'payment.authorize', 'payment.capture', 'payment.refund', 'payment-attempt.create')),
  add constraint commands_create_has_a_body
    check ((type in ('payment.create', 'payment-attempt.create')) = (create_body is not null)),
  add constraint commands_refund_has_an_amount check ((type = 'payment.refund') = (refund is not null)),
  add constraint commands_have_steps check
    (cardinality(steps) > 0 and steps <@ array['create', 'authorize', 'capture', 'refund', 'create_attempt']);

alter table attempts
  drop constraint attempts_operation_is_known,
  add constraint attempts_operation_is_known check
    (operation in ('create', 'authorize', 'capture', 'refund', 'create_attempt'));

-- A payment may be refunded in parts: each refund command succeeds at most once, not each payment.
drop index attempts_one_success_per_payment;
create unique index attempts_one_success_per_payment on attempts (payment_key, operation)
  where (outcome = 'succeeded' or resolution = 'succeeded') and operation <> 'refund';
create unique index attempts_one_refund_per_command on attempts (command_id)
  where (outcome = 'succeeded' or resolution = 'succeeded') and operation = 'refund';
