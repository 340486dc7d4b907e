import type { Pool, PoolClient } from 'pg';

/** A refund of a payment as the mirror holds it, made by us or elsewhere. */
export interface RefundChild {
  key: string;
  conomyId: string;
  status: string | null;
  totalAmount: unknown;
  currency: unknown;
}

export async function findRefundChildren(tx: PoolClient, parentKey: string): Promise<RefundChild[]> {
  const { rows } = await tx.query<RefundChild>(
    `select key, conomy_id as "conomyId", status, snapshot->'totalAmount' as "totalAmount", snapshot->'currency' as currency
     from payments where parent_key = $1::uuid order by key`,
    [parentKey],
  );
  return rows;
}

/**
 * Ids of the refunds of a payment that were there when an attempt began, so that it cannot have made them. What was
 * first heard of later, also by a webhook, may be its work: only one refund of a payment is at work at a time.
 */
export async function findRefundIdsBefore(db: Pool, attemptId: number): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `select p.conomy_id as id from attempts a
     join payments p on p.parent_key = a.payment_key and p.kind = 'refund' and p.accepted_at <= a.started_at
     where a.id = $1::bigint`,
    [attemptId],
  );
  return new Set(rows.map(({ id }) => id));
}

/** The key of a refund's mirror row, made when this is the first word of it. */
export async function ensureRefundChild(
  tx: PoolClient,
  parentKey: string,
  conomyId: string,
): Promise<string> {
  await tx.query(
    `insert into payments (key, kind, parent_key, conomy_id)
     values (gen_random_uuid(), 'refund', $1::uuid, $2::text) on conflict (conomy_id) do nothing`,
    [parentKey, conomyId],
  );
  const { rows } = await tx.query<{ key: string }>('select key from payments where conomy_id = $1::text', [
    conomyId,
  ]);
  const key = rows[0]?.key;
  if (key === undefined) throw new Error(`the refund ${conomyId} has no row`);
  return key;
}

/** Reserves an amount on the parent for the refund at work; all amounts in minor units of its currency. */
export async function reserveRefund(
  tx: PoolClient,
  parentKey: string,
  refund: { wholeMinor: bigint; doneMinor: bigint; reservedMinor: bigint },
): Promise<void> {
  await tx.query(
    `update payments set refundable_minor = $2::bigint, refund_done_minor = $3::bigint, refund_reserved_minor = $4::bigint
     where key = $1::uuid`,
    [parentKey, refund.wholeMinor.toString(), refund.doneMinor.toString(), refund.reservedMinor.toString()],
  );
}

/** The refund at work ended: what it reserved is done, or free again. */
export async function settleRefundReservation(
  tx: PoolClient,
  parentKey: string,
  outcome: 'done' | 'released',
): Promise<void> {
  await tx.query(
    `update payments set
       refund_done_minor = refund_done_minor + case when $2::text = 'done' then refund_reserved_minor else 0 end,
       refund_reserved_minor = 0
     where key = $1::uuid and refund_reserved_minor > 0`,
    [parentKey, outcome],
  );
}
