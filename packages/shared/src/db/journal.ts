import type { Pool, PoolClient } from 'pg';
import { alarmOfStatus } from '../domain/payment-status.ts';

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

/** The newest status of the mirror whose moves are documented; null when there was none. */
export async function findLastPlacedStatus(tx: PoolClient, paymentKey: string): Promise<string | null> {
  const { rows } = await tx.query<{ to: string }>(
    'select to_status as "to" from journal where payment_key = $1::uuid order by version desc',
    [paymentKey],
  );
  return rows.find(({ to }) => alarmOfStatus(to) === null)?.to ?? null;
}
