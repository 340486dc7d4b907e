import type { Pool, PoolClient } from 'pg';

/** One move of a mirror; `version` is gap-free per payment. */
export interface JournalRow {
  version: number;
  at: Date;
  fromStatus: string | null;
  toStatus: string;
  cause: string;
}

export async function findJournalOfPayment(db: Pool | PoolClient, paymentKey: string): Promise<JournalRow[]> {
  const { rows } = await db.query<JournalRow>(
    `select version, at, from_status as "fromStatus", to_status as "toStatus", cause
     from journal where payment_key = $1::uuid order by version`,
    [paymentKey],
  );
  return rows;
}
