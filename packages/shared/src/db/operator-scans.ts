import type { Pool, PoolClient } from 'pg';
import type { ObservedPayment } from '../provider/payment-provider.ts';
import { askedOf } from './asked-payment.ts';
import { nameOfLane, type ScanLane } from './scan-lanes.ts';

/** A scan that a person waits for, so that a lost create can be ruled out. Nobody works on its command meanwhile. */
export interface OperatorScan {
  /** How many rows the scan under way has read; 0 before it begins. */
  rows: number;
  /** It was whole, began once the effect could be ruled out, and was over a moment ago. */
  counts: boolean;
  /** Ids of what it showed that may be the payment. */
  shown: string[];
}

/** A scan is evidence for as long as this after its end. */
const COUNTS_FOR = '30 minutes';

/**
 * Has the account of a lost create scanned from now on, unless that is under way or was over a moment ago and whole. Which
 * capturer does it is for a job of its command to tell.
 */
export async function requestOperatorScan(
  db: Pool,
  attemptId: number,
  externalId: string,
  lane: Omit<ScanLane, 'look'>,
): Promise<void> {
  await db.query(
    `insert into scan_requests as r (lane, attempt_id, external_id, first_started_at, is_whole, is_in_scan, for_operator)
     select $1::text, a.id, $3::text,
       (select min(f.started_at) from attempts f where f.command_id = a.command_id and f.step = a.step), true, false, true
     from attempts a where a.id = $2::bigint
     on conflict (attempt_id) do update set lane = excluded.lane, for_operator = true, is_in_scan = false, found = null,
         answer = null, began_at = null, answered_at = null, process = null, process_ms = null
       where not r.for_operator or r.answer is not null`,
    [nameOfLane({ ...lane, look: 'operator' }), attemptId, externalId],
  );
}

/** What the scan asked for an attempt has come to; null when none was asked for. */
export async function findOperatorScan(
  db: Pool | PoolClient,
  attemptId: number,
  notBefore: Date,
): Promise<OperatorScan | null> {
  const { rows } = await db.query<{ rows: number; counts: boolean; found: ObservedPayment[] | null }>(
    `select coalesce((l.place->'walk'->>'rows')::int, 0) as rows, r.found,
       coalesce(r.answer->>'end' = 'whole' and r.began_at >= $2::timestamptz
         and r.answered_at > capstan_now() - '${COUNTS_FOR}'::interval, false) as counts
     from scan_requests r left join scan_lanes l on l.lane = r.lane
     where r.attempt_id = $1::bigint and r.for_operator`,
    [attemptId, notBefore],
  );
  const [row] = rows;
  if (!row) return null;
  const { found, ...scan } = row;
  return { ...scan, shown: [...new Set((found ?? []).map(({ id }) => id))] };
}

/** The scan that is asked for about a parked command and not over yet: for a capturer to work on. */
export interface AskedScan {
  lane: ScanLane;
  attemptId: number;
  epoch: number;
}

export async function findAskedScan(db: Pool, commandId: string): Promise<AskedScan | null> {
  const { rows } = await db.query<
    Omit<AskedScan, 'lane'> & {
      operation: ScanLane['operation'];
      asked: { accountNumber: string; type: string };
    }
  >(
    `select r.attempt_id as "attemptId", c.claim_epoch as epoch, a.operation, ${askedOf('c.payment_key')} as asked
     from commands c join attempts a on a.command_id = c.id join scan_requests r on r.attempt_id = a.id
     where c.id = $1::uuid and c.status = 'parked' and r.for_operator and r.answer is null`,
    [commandId],
  );
  const [row] = rows;
  if (!row) return null;
  const { operation, asked, attemptId, epoch } = row;
  const { accountNumber, type } = asked;
  return { attemptId, epoch, lane: { operation, accountNumber, type, look: 'operator' } };
}

/** What the scan was for is concluded. */
export async function dropOperatorScan(tx: PoolClient, attemptId: number): Promise<void> {
  await tx.query('delete from scan_requests where attempt_id = $1::bigint', [attemptId]);
}
