-- Documents for the review of a payment. They have an order of their own beside the payment's steps: a capture that is
-- held by a review stays the one step at work until the review ends, which may be only by a document. Old code running
-- beside this schema accepts none; a capturer of before cannot carry one out, so documents are sent once every capturer
-- is new. Constraints and the index are replaced under a short exclusive lock.
alter table commands
  -- `{type, url, contentType?, metadata?}` of a document, as accepted.
  add column document jsonb,
  drop constraint commands_type_is_known,
  drop constraint commands_have_steps,
  add constraint commands_type_is_known check (type in ('payment.create', 'payment.authorize', 'payment.capture',
    'payment.refund', 'payment-attempt.create', 'payment.submit-document')),
  add constraint commands_document_is_there check ((type = 'payment.submit-document') = (document is not null)),
  add constraint commands_have_steps check (cardinality(steps) > 0
    and steps <@ array['create', 'authorize', 'capture', 'refund', 'create_attempt', 'submit_document']);

drop index commands_one_at_work_per_payment;
create unique index commands_one_at_work_per_payment on commands (payment_key, (type = 'payment.submit-document'))
  where status in ('accepted', 'executing', 'unresolved', 'parked');

alter table attempts
  -- The payment's documentationStatus as read right before a document was sent: what a later read is held against.
  add column documentation_before text,
  drop constraint attempts_operation_is_known,
  add constraint attempts_operation_is_known check
    (operation in ('create', 'authorize', 'capture', 'refund', 'create_attempt', 'submit_document')),
  add constraint attempts_documentation_is_of_a_document
    check (documentation_before is null or operation = 'submit_document');

-- A payment may be given several documents: each command that sends one succeeds at most once.
drop index attempts_one_success_per_payment;
create unique index attempts_one_success_per_payment on attempts (payment_key, operation)
  where (outcome = 'succeeded' or resolution = 'succeeded') and operation not in ('refund', 'submit_document');
drop index attempts_one_refund_per_command;
create unique index attempts_one_success_per_command on attempts (command_id, operation)
  where (outcome = 'succeeded' or resolution = 'succeeded') and operation in ('refund', 'submit_document');
