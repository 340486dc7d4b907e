import type { Backlog } from '../telemetry/backlog.ts';
import type { Pool } from './pool.ts';
import { codeOf } from './sqlstates.ts';

/**
 * Work on one item is tried this often when it fails by the item itself; then it is set aside: kept, counted and told to a
 * person. The partial indexes of such reads and pushes name the same number.
 */
export const TRIES_MAX = 5;

/** SQL, for a row with `tries` of before: until the next one a minute, twice that, and so on up to a day. */
export function nextTry(tries: string): string {
  return `capstan_now() + least(60 * 2.0 ^ least(${tries}, 20), 86400) * interval '1 second'`;
}

/** What may be kept and shown of a failure: its kind and SQLSTATE. Texts quote what they stumbled over. */
export function describeFault(error: unknown): string {
  const name = error instanceof Error ? error.constructor.name : typeof error;
  return `${name} ${codeOf(error)}`.trim();
}

/** What is set aside, by kind, and for how long. */
export async function countSetAside(db: Pool): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog>(
    `select sort, count(*)::int as count, extract(epoch from capstan_now() - min(since))::float8 as "oldestSeconds"
     from (
       select 'delivery' as sort, applied_at as since from webhook_deliveries where result = 'unreadable'
       union all
       select 'read', updated_at from payments where read_faults >= ${TRIES_MAX}
       union all
       select 'push', e.at from pushes p join events e on e.payment_key = p.payment_key and e.sequence = p.next_sequence
       where p.faults >= ${TRIES_MAX}
     ) as aside group by sort`,
  );
  return rows;
}

/**
 * What was set aside of a payment has one more try: a person who has a mended release asks for it. One that fails again is set
 * aside as before.
 */
export async function retrySetAside(db: Pool, paymentKey: string): Promise<void> {
  await db.query(
    `with pushed as (
       update pushes set due_at = capstan_now() where payment_key = $1::uuid and faults >= ${TRIES_MAX} and due_at is not null
     )
     update webhook_deliveries set offer_at = capstan_now() where payment_key = $1::uuid and result = 'unreadable'`,
    [paymentKey],
  );
}
