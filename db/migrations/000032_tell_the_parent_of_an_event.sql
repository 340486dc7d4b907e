-- Which payment a refund's event belongs to. Kept with the event and not looked up when it is told: an event is the same at every
-- telling, also where a refund is linked to its payment after it was first heard of. Old code running beside this schema reads
-- the column as little as it needs to. The column is added without rewriting the table; events of before tell no parent.
alter table events
  -- Conomy's id of the payment that was refunded; null where the payment is no refund, or was not known to be one.
  add column parent_id text;

create or replace function append_event(of_payment uuid, of_type text, of_command uuid, of_version integer) returns void
language plpgsql as $$
declare
  payment record;
begin
  select * into strict payment from payments where key = of_payment for no key update;
  insert into events (payment_key, conomy_id, parent_id, sequence, type, status, final, command_id, version)
  select payment.key, payment.conomy_id,
    coalesce(payment.parent_conomy_id, (select conomy_id from payments where key = payment.parent_key)),
    coalesce(max(e.sequence), 0) + 1, of_type, payment.status, payment.final, of_command, of_version
  from events e where e.payment_key = payment.key;
end
$$;
