import type { Pool, PoolClient } from 'pg';
import type { NamedAmounts } from '../domain/refund-sums.ts';
import { findKeyByConomyId } from './payments.ts';

/** A refund of a payment as the mirror holds it, made by us or elsewhere. */
export interface RefundChild extends Required<NamedAmounts> {
  key: string;
  conomyId: string;
  status: string | null;
  /** Its place among the refunds of its payment, in the order in which they were linked to it. */
  number: number;
  /** It was mirrored before it was linked: its number says nothing of when it was first heard of. */
  linkedLate: boolean;
  /** By Conomy's clock, where Conomy told. */
  createdAt: Date | null;
  /** The attempt that made it, as far as Capstan can tell. */
  attemptId: number | null;
}

export async function findRefundChildren(db: Pool | PoolClient, parentKey: string): Promise<RefundChild[]> {
  const { rows } = await db.query<RefundChild>(
    `select p.key, p.conomy_id as "conomyId", p.status, p.refund_number as number, p.linked_late as "linkedLate",
       p.conomy_created_at as "createdAt", a.id as "attemptId", p.snapshot->'totalAmount' as "totalAmount",
       p.snapshot->'currency' as currency, p.snapshot->'purchaseAmount' as "purchaseAmount",
       p.snapshot->'purchaseCurrency' as "purchaseCurrency"
     from payments p left join attempts a on a.refund_key = p.key
     where p.parent_key = $1::uuid order by p.refund_number`,
    [parentKey],
  );
  return rows;
}

/** Of rows that are no refund by what they are known to be. */
const MAY_BE_A_REFUND = `payments.parent_key is null and payments.kind <> 'attempt' and coalesce(payments.snapshot->>'type', 'REFUND') = 'REFUND'`;

/**
 * The key of a refund's mirror row below its payment; made when this is the first word of it, linked when it was mirrored
 * before its payment was. Holds the payment's row from then on, which every writer of a refund does.
 * @returns null when the id is mirrored as something else: a payment of its own, or a refund of another one.
 */
export async function linkRefundChild(
  tx: PoolClient,
  parentKey: string,
  conomyId: string,
): Promise<string | null> {
  await tx.query('select from payments where key = $1::uuid for no key update', [parentKey]);
  await tx.query(
    `insert into payments (key, kind, parent_key, conomy_id)
     select gen_random_uuid(), 'refund', $1::uuid, $2::text
     where not exists (select from payments where conomy_id = $2::text)
     on conflict (conomy_id) do nothing`,
    [parentKey, conomyId],
  );
  await tx.query(
    `update payments set parent_key = $1::uuid where conomy_id = $2::text and key <> $1::uuid and ${MAY_BE_A_REFUND}`,
    [parentKey, conomyId],
  );
  const { rows } = await tx.query<{ key: string }>(
    'select key from payments where conomy_id = $2::text and parent_key = $1::uuid',
    [parentKey, conomyId],
  );
  return rows[0]?.key ?? null;
}

/**
 * Puts a refund below its payment, or has it wait for it while that is not mirrored: whoever brings the payment takes it.
 * @returns its key; null when the id is mirrored as something else.
 */
export async function placeRefund(
  tx: PoolClient,
  conomyId: string,
  parentConomyId: string,
): Promise<string | null> {
  const parentKey = await findKeyByConomyId(tx, parentConomyId);
  if (parentKey !== null) return linkRefundChild(tx, parentKey, conomyId);
  await tx.query(
    `insert into payments (key, kind, parent_conomy_id, conomy_id)
     values (gen_random_uuid(), 'refund', $2::text, $1::text)
     on conflict (conomy_id) do update set kind = 'refund', parent_conomy_id = excluded.parent_conomy_id
       where payments.parent_conomy_id is null and ${MAY_BE_A_REFUND}`,
    [conomyId, parentConomyId],
  );
  const { rows } = await tx.query<{ key: string }>(
    'select key from payments where conomy_id = $1::text and parent_conomy_id = $2::text',
    [conomyId, parentConomyId],
  );
  return rows[0]?.key ?? null;
}

/**
 * Takes the refunds that wait for this payment although it is mirrored: both came at the same moment, unseen by each
 * other. The caller holds the payment's row.
 */
export async function takeWaitingRefunds(tx: PoolClient, parentKey: string): Promise<void> {
  await tx.query(
    `update payments set parent_key = $1::uuid
     where parent_conomy_id = (select conomy_id from payments where key = $1::uuid) and parent_key is null`,
    [parentKey],
  );
}

/** What counts against a payment when an amount is reserved, in minor units of its currency. */
export interface Reservation {
  wholeMinor: bigint;
  doneMinor: bigint;
  reservedMinor: bigint;
}

/**
 * Reserves an amount on the payment for the refund at work, and notes when Conomy wrote the list it was judged by.
 * @throws a violation of `payments_refunds_fit_the_payment` when it does not fit beside what is done and doubtful.
 */
export async function reserveRefund(
  tx: PoolClient,
  parentKey: string,
  refund: Reservation,
  listedAt: Date | null,
): Promise<void> {
  await tx.query(
    `update payments set refundable_minor = $2::bigint, refund_done_minor = $3::bigint, refund_reserved_minor = $4::bigint,
       refunds_listed_at = $5::timestamptz
     where key = $1::uuid`,
    [
      parentKey,
      refund.wholeMinor.toString(),
      refund.doneMinor.toString(),
      refund.reservedMinor.toString(),
      listedAt,
    ],
  );
}

/** Notes what the refunds of a payment gave back by now. @returns whether that is anything else than was noted. */
export async function noteRefundsDone(
  tx: PoolClient,
  parentKey: string,
  doneMinor: bigint,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    'update payments set refund_done_minor = $2::bigint where key = $1::uuid and refund_done_minor <> $2::bigint',
    [parentKey, doneMinor.toString()],
  );
  return rowCount === 1;
}

/** The refund at work ended: what it made counts by itself, and nothing is reserved any more. */
export async function releaseRefundReservation(tx: PoolClient, parentKey: string): Promise<void> {
  await tx.query(
    'update payments set refund_reserved_minor = 0 where key = $1::uuid and refund_reserved_minor > 0',
    [parentKey],
  );
}

/**
 * The attempt made this refund. The caller holds the payment's row.
 * @returns false when another attempt has made it already, or this one another.
 */
export async function claimRefundChild(
  tx: PoolClient,
  attemptId: number,
  childKey: string,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update attempts set refund_key = $2::uuid
     where id = $1::bigint and (refund_key is null or refund_key = $2::uuid)
       and not exists (select from attempts o where o.refund_key = $2::uuid and o.id <> $1::bigint)`,
    [attemptId, childKey],
  );
  return rowCount === 1;
}
