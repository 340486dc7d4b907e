import { PAYMENT_COLUMNS, type PaymentRow } from './payments.ts';
import type { Pool, PoolClient } from './pool.ts';

/** Up to `limit` payments that have been in their state for too long, those first that have been so for longest. */
export async function findOverdue(db: Pool, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(
    'select key from payments where overdue_at <= capstan_now() order by overdue_at limit $1::integer',
    [limit],
  );
  return rows.map(({ key }) => key);
}

/** Takes those of these payments that nobody else takes; each is told once until it moves again. */
export async function takeOverdue(tx: PoolClient, keys: readonly string[]): Promise<PaymentRow[]> {
  const { rows } = await tx.query<PaymentRow>(
    `update payments set overdue_at = null
     where key in (
       select key from payments where key = any($1::uuid[]) and overdue_at <= capstan_now()
       for no key update skip locked
     )
     returning ${PAYMENT_COLUMNS}`,
    [keys],
  );
  return rows;
}

/** A payment that nobody could be told of is taken again in an hour. */
export async function putOffOverdue(db: Pool, key: string): Promise<void> {
  await db.query(
    `update payments set overdue_at = capstan_now() + interval '1 hour'
     where key = $1::uuid and overdue_at <= capstan_now()`,
    [key],
  );
}
