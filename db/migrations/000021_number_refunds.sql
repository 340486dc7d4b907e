-- Refunds in order: which refunds of a payment were there before an attempt is told by numbers drawn under the payment's
-- row, not by clocks; each refund belongs to at most one attempt; and a refund that is heard of before its payment waits
-- for it. Refunds that are mirrored already are numbered as they came in. Old code beside this schema writes none of the
-- new columns: what it inserts is numbered by the trigger, and of an attempt it begins no number is known, so that only an
-- answer binds a refund to it. Columns come with constant defaults; constraints and one index are replaced under a short
-- exclusive lock, in which only the rows of refunds and of their payments are written.
alter table payments
  -- Of a refund whose payment is not mirrored: Conomy's id of that payment, as told.
  add column parent_conomy_id text,
  -- Of a refund: its place among those of its payment, in the order in which they were linked to it.
  add column refund_number integer,
  -- It was mirrored before it was linked, so that its number says nothing of when it was first heard of.
  add column linked_late boolean not null default false,
  -- Of a payment: the number drawn last for one of its refunds.
  add column refunds_linked integer not null default 0,
  -- What refund commands were to give back that ended without anybody being able to say whether Conomy did.
  add column refund_doubtful_minor bigint not null default 0,
  -- When Conomy wrote the list of refunds that was read last before a refund, by its own clock; null: it did not say.
  add column refunds_listed_at timestamptz,
  drop constraint payments_refunds_have_a_parent,
  drop constraint payments_refunds_are_not_negative,
  -- Refused what Conomy had done as well; the trigger below refuses a reservation alone.
  drop constraint payments_refunds_fit_the_payment;

update payments p set refund_number = n.number
from (select key, row_number() over (partition by parent_key order by accepted_at, key) as number
      from payments where parent_key is not null) n
where n.key = p.key;

update payments p set refunds_linked = n.number
from (select parent_key, max(refund_number) as number from payments where parent_key is not null group by parent_key) n
where n.parent_key = p.key;

alter table payments
  add constraint payments_refunds_have_a_parent check
    (case when kind = 'refund' then parent_key is not null or parent_conomy_id is not null
       else parent_key is null and parent_conomy_id is null end),
  add constraint payments_refunds_are_numbered check ((parent_key is null) = (refund_number is null)),
  add constraint payments_refunds_are_not_negative
    check (refund_done_minor >= 0 and refund_reserved_minor >= 0 and refund_doubtful_minor >= 0);

create unique index payments_refund_number_key on payments (parent_key, refund_number) where parent_key is not null;
drop index payments_parent_key_idx;
-- By hash: the id is of any length that Conomy chooses.
create index payments_parent_conomy_id_idx on payments using hash (parent_conomy_id)
  where parent_conomy_id is not null and parent_key is null;

-- A refund draws the next number of its payment, whoever links it, and by that holds the payment's row.
create function payments_number_refund() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    -- But for one whose payment turned out to be mirrored under an older key.
    if old.parent_key is not null
      and not exists (select from payments where key = old.parent_key and duplicate_of = new.parent_key) then
      raise exception 'refund % belongs to payment % and may not become one of %', old.key, old.parent_key, new.parent_key;
    end if;
    new.linked_late := true;
  end if;
  new.kind := 'refund';
  update payments set refunds_linked = refunds_linked + 1 where key = new.parent_key
    returning refunds_linked into new.refund_number;
  -- Of a payment that is not there: the foreign key refuses it.
  new.refund_number := coalesce(new.refund_number, 1);
  return new;
end
$$;
create trigger payments_number_refund before insert on payments
  for each row when (new.parent_key is not null) execute function payments_number_refund();
create trigger payments_number_linked_refund before update of parent_key on payments
  for each row when (new.parent_key is distinct from old.parent_key) execute function payments_number_refund();

-- A payment that gets its Conomy id, by whatever way, takes the refunds that waited for it.
create function payments_take_refunds() returns trigger language plpgsql as $$
begin
  update payments set parent_key = new.key where parent_conomy_id = new.conomy_id and parent_key is null and key <> new.key;
  return null;
end
$$;
create trigger payments_take_refunds after insert on payments
  for each row when (new.conomy_id is not null) execute function payments_take_refunds();
create trigger payments_take_refunds_when_bound after update of conomy_id on payments
  for each row when (new.conomy_id is distinct from old.conomy_id and new.conomy_id is not null)
  execute function payments_take_refunds();

-- What is done, reserved and doubtful never exceeds the payment when an amount is reserved. What Conomy did is recorded
-- whatever it comes to.
create function payments_refunds_fit() returns trigger language plpgsql as $$
begin
  if new.refundable_minor is null
    or new.refund_done_minor + new.refund_reserved_minor + new.refund_doubtful_minor > new.refundable_minor then
    raise exception 'payment % has no % left to refund', new.key, new.refund_reserved_minor
      using errcode = 'check_violation', constraint = 'payments_refunds_fit_the_payment';
  end if;
  return new;
end
$$;
create trigger payments_refunds_fit before insert on payments
  for each row when (new.refund_reserved_minor > 0) execute function payments_refunds_fit();
create trigger payments_refunds_fit_when_reserved before update of refund_reserved_minor on payments
  for each row when (new.refund_reserved_minor > old.refund_reserved_minor) execute function payments_refunds_fit();

alter table attempts
  -- Of a refund: the number its payment had reached when it began, and when Conomy wrote the list of refunds before it.
  -- Null: old code began it, or Conomy did not say.
  add column refunds_before integer,
  add column refunds_listed_at timestamptz,
  -- The refund it made, as far as Capstan can tell.
  add column refund_key uuid constraint attempts_refund_key_fkey references payments (key),
  -- What it may have given back although a person ruled it out, in minor units, until that is told; and the number its
  -- payment had reached then.
  add column doubtful_minor bigint,
  add column doubted_from integer,
  add constraint attempts_refunds_are_of_a_refund check (operation = 'refund' or
    (refunds_before is null and refunds_listed_at is null and refund_key is null and doubted_from is null)),
  add constraint attempts_doubts_have_a_beginning check (doubtful_minor is null or (doubtful_minor > 0 and doubted_from is not null));

create unique index attempts_refund_key_key on attempts (refund_key) where refund_key is not null;
create index attempts_doubtful_idx on attempts (payment_key) where doubtful_minor is not null;

create function attempts_guard_refund() returns trigger language plpgsql as $$
begin
  raise exception 'attempt % made refund %, and no other', old.id, old.refund_key;
end
$$;
create trigger attempts_guard_refund before update of refund_key on attempts
  for each row when (old.refund_key is not null and new.refund_key is distinct from old.refund_key)
  execute function attempts_guard_refund();

update attempts a set refunds_before =
  (select count(*) from payments p where p.parent_key = a.payment_key and p.accepted_at <= a.started_at)
where a.operation = 'refund';

-- Refunds of a payment ran one at a time: the one mirrored while an attempt was at work, of its amount, is its own, where
-- there is no other.
with mirrored as (
  select a.id as attempt_id, p.key as refund_key
  from attempts a
  join commands c on c.id = a.command_id
  join payments p on p.parent_key = a.payment_key
    and p.accepted_at between a.started_at and coalesce(a.resolved_at, a.finished_at)
    and case when p.snapshot->>'totalAmount' ~ '^\d{1,30}(\.\d{1,30})?$'
          then (p.snapshot->>'totalAmount')::numeric = (c.refund->>'amount')::numeric end
  where a.operation = 'refund' and (a.outcome = 'succeeded' or a.resolution = 'succeeded')
), counted as (
  select attempt_id, refund_key, count(*) over (partition by attempt_id) as refunds,
    count(*) over (partition by refund_key) as attempts
  from mirrored
)
update attempts a set refund_key = c.refund_key
from counted c where c.attempt_id = a.id and c.refunds = 1 and c.attempts = 1;

alter table discrepancies
  drop constraint discrepancies_kind_is_known,
  add constraint discrepancies_kind_is_known check (kind in ('final_contradicted', 'went_back', 'unknown_status', 'disputed',
    'reversed', 'amount_differs', 'inexact_amount', 'status_differs', 'field_differs', 'missing_here', 'missing_there', 'twin',
    'orphan_delivery', 'overdue', 'over_refunded', 'late_refund'));
