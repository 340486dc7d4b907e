import type { Backlog } from '../telemetry/backlog.ts';
import { type EventRow, placeAllEvents, readEvents } from './events.ts';
import { nextTry } from './item-faults.ts';
import type { Pool } from './pool.ts';
import { storableText } from './storable-text.ts';
import { inTransaction } from './transaction.ts';

/** Where events are pushed. */
export interface PushEndpoint {
  url: string;
  /** Since when nothing was taken; null while pushes arrive. */
  failingSince: Date | null;
  disabledAt: Date | null;
  disabledReason: string | null;
}

const COLUMNS = `url, failing_since as "failingSince", disabled_at as "disabledAt", disabled_reason as "disabledReason"`;

/** Notes where events are pushed from now on. Another URL than before is enabled again; the first one gets what happens next. */
export async function configureEndpoint(db: Pool, url: string): Promise<void> {
  // What has no position yet would get one behind the mark, and be pushed although it is older.
  if ((await findEndpoint(db)) === null) await placeAllEvents(db);
  await db.query(
    `insert into push_endpoint as e (url, position) select $1::text, coalesce(max(position), 0) from events
     on conflict (only_row) do update set url = excluded.url, failing_since = null, disabled_at = null, disabled_reason = null
       where e.url <> excluded.url`,
    [url],
  );
}

export async function findEndpoint(db: Pool): Promise<PushEndpoint | null> {
  const { rows } = await db.query<PushEndpoint>(`select ${COLUMNS} from push_endpoint`);
  return rows[0] ?? null;
}

/** A person enables the endpoint again; null when it is not disabled. */
export async function enableEndpoint(db: Pool): Promise<PushEndpoint | null> {
  const { rows } = await db.query<PushEndpoint>(
    `update push_endpoint set disabled_at = null, disabled_reason = null, failing_since = null
     where disabled_at is not null returning ${COLUMNS}`,
  );
  return rows[0] ?? null;
}

/** No more is pushed until a person enables it. */
export async function disableEndpoint(db: Pool, reason: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update push_endpoint set disabled_at = capstan_now(), disabled_reason = $1::text where disabled_at is null`,
    [reason],
  );
  return rowCount === 1;
}

/** Of the row `p`: whether its next event can be pushed. */
const NEXT_IS_PLACED = `exists (
  select from events e where e.payment_key = p.payment_key and e.sequence = p.next_sequence and e.position is not null
)`;

/**
 * Makes payments with new events due, one process at a time.
 * @returns how many events there were; `limit` means that there may be more.
 */
export function enlistPushes(pool: Pool, limit: number): Promise<number> {
  return inTransaction(pool, async (tx) => {
    const { rows } = await tx.query<{ position: number }>(
      'select position from push_endpoint for update skip locked',
    );
    const [endpoint] = rows;
    if (!endpoint) return 0;
    const events = await readEvents(tx, endpoint.position, limit);
    const last = events.at(-1);
    if (!last) return 0;
    // A reader may have placed an event before, and markPushed found it: then it may be pushed by now.
    await tx.query(
      `insert into pushes as p (payment_key, next_sequence, due_at)
       select key, min(sequence), capstan_now()
       from unnest($1::uuid[], $2::integer[]) as told(key, sequence) group by key order by key
       on conflict (payment_key) do update set due_at = excluded.due_at
         where p.due_at is null and ${NEXT_IS_PLACED}`,
      [events.map(({ paymentKey }) => paymentKey), events.map(({ sequence }) => sequence)],
    );
    await tx.query('update push_endpoint set position = $1::bigint', [last.position]);
    return events.length;
  });
}

/** The next event of a payment, taken to be pushed. */
export interface ClaimedPush {
  paymentKey: string;
  sequence: number;
  /** How often it was tried before. */
  attempts: number;
  /** By the database's clock: what leaves names this instant, and a machine's own may be wrong. */
  claimedAt: Date;
}

/** Takes up to `limit` payments whose next event is due for `leaseMs`; none while the endpoint is disabled. */
export async function claimPushes(db: Pool, limit: number, leaseMs: number): Promise<ClaimedPush[]> {
  const { rows } = await db.query<ClaimedPush>(
    `update pushes set due_at = capstan_now() + $2::float8 * interval '1 millisecond'
     where payment_key in (
       select payment_key from pushes
       where due_at <= capstan_now() and exists (select from push_endpoint where disabled_at is null)
       order by due_at limit $1::integer for update skip locked
     )
     returning payment_key as "paymentKey", next_sequence as sequence, attempts, capstan_now() as "claimedAt"`,
    [limit, leaseMs],
  );
  return rows;
}

/**
 * The event was taken: the next one of its payment is due, if there is one. Those that failed before have another chance, by
 * {@link hastenFailedPushes}.
 */
export function markPushed(pool: Pool, push: ClaimedPush): Promise<void> {
  return inTransaction(pool, async (tx) => {
    // A statement of its own: the one below then sees every event that was enlisted before it.
    const { rowCount } = await tx.query(
      'select from pushes where payment_key = $1::uuid and next_sequence = $2::integer for update',
      [push.paymentKey, push.sequence],
    );
    if (rowCount !== 1) return;
    await tx.query(
      `update pushes set next_sequence = next_sequence + 1, attempts = 0, faults = 0, last_failure = null,
         due_at = case when exists (
           select from events e where e.payment_key = $1::uuid and e.sequence = $2::integer + 1 and e.position is not null
         ) then capstan_now() end
       where payment_key = $1::uuid`,
      [push.paymentKey, push.sequence],
    );
    await tx.query(
      'update push_endpoint set failing_since = null, recovering = true where failing_since is not null',
    );
  });
}

/** There was no event to push: its payment is no longer due, unless one has come meanwhile. */
export function markNothingToPush(pool: Pool, push: ClaimedPush): Promise<void> {
  return inTransaction(pool, async (tx) => {
    // A statement of its own, as above: whoever enlists waits for this lock or was seen.
    await tx.query('select from pushes where payment_key = $1::uuid for update', [push.paymentKey]);
    await tx.query(
      `update pushes p set due_at = null
       where payment_key = $1::uuid and next_sequence = $2::integer and not ${NEXT_IS_PLACED}`,
      [push.paymentKey, push.sequence],
    );
  });
}

/** Up to a minute, so that a receiver that has just come back is not run over. */
const RECOVERY_S = 60;

/**
 * While the endpoint takes events again, makes up to `limit` payments whose event failed before due soon, those due first by
 * themselves first. @returns how many; fewer than `limit` were all.
 */
export async function hastenFailedPushes(db: Pool, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with hastened as (
       update pushes set due_at = capstan_now() + random() * $2::float8 * interval '1 second'
       where payment_key in (
         select payment_key from pushes
         where due_at > capstan_now() + $2::float8 * interval '1 second' and attempts > 0
           and exists (select from push_endpoint where recovering)
         order by due_at limit $1::integer for update skip locked
       ) returning 1
     ), ended as (
       update push_endpoint set recovering = false
       where recovering and (select count(*) from hastened) < $1::integer
     )
     select count(*)::int as count from hastened`,
    [limit, RECOVERY_S],
  );
  return rows[0]?.count ?? 0;
}

/** The event was not taken: it is tried again after `againMs`. @returns since when nothing was taken. */
export async function markPushFailed(
  db: Pool,
  push: ClaimedPush,
  failure: { againMs: number; reason: string },
): Promise<{ failingMs: number }> {
  await db.query(
    `update pushes set attempts = attempts + 1, faults = 0, last_failure = $4::text,
       due_at = capstan_now() + $3::float8 * interval '1 millisecond'
     where payment_key = $1::uuid and next_sequence = $2::integer`,
    [push.paymentKey, push.sequence, failure.againMs, storableText(failure.reason)],
  );
  const { rows } = await db.query<{ failingMs: number }>(
    `update push_endpoint set failing_since = coalesce(failing_since, capstan_now()), recovering = false
     returning (extract(epoch from capstan_now() - failing_since) * 1000)::float8 as "failingMs"`,
  );
  return rows[0] ?? { failingMs: 0 };
}

/**
 * The push failed by the event or by what came of it, and not by the receiver: it is tried ever more rarely, down to once a day. Later
 * events of the payment wait for it, as for one that is refused: upstream is told of each without a gap.
 * @returns how many tries in a row ended like this.
 */
export async function countPushFault(db: Pool, push: ClaimedPush, failure: string): Promise<number> {
  const { rows } = await db.query<{ faults: number }>(
    `update pushes set attempts = attempts + 1, faults = faults + 1, last_failure = $3::text, due_at = ${nextTry('faults')}
     where payment_key = $1::uuid and next_sequence = $2::integer returning faults`,
    [push.paymentKey, push.sequence, failure],
  );
  return rows[0]?.faults ?? 0;
}

/** Null when it has no position yet: then it will be enlisted. */
export async function findEventToPush(db: Pool, push: ClaimedPush): Promise<EventRow | null> {
  const { rows } = await db.query<{ position: number }>(
    'select position from events where payment_key = $1::uuid and sequence = $2::integer and position is not null',
    [push.paymentKey, push.sequence],
  );
  const [found] = rows;
  if (!found) return null;
  const [event] = await readEvents(db, found.position - 1, 1);
  return event ?? null;
}

/** Up to which sequence a payment's events were pushed; null when none was ever to be. */
export async function findPushedUpTo(db: Pool, paymentKey: string): Promise<number | null> {
  const { rows } = await db.query<{ next: number }>(
    'select next_sequence as next from pushes where payment_key = $1::uuid',
    [paymentKey],
  );
  return rows[0] ? rows[0].next - 1 : null;
}

/**
 * Payments whose next event waits to be taken: `waiting` for the first time, `retrying` after a failure, or `disabled`; and
 * those that are due although there is none, `without_event`, which the next push ends.
 */
export async function countPendingPushes(db: Pool): Promise<Backlog[]> {
  const { rows } = await db.query<Backlog>(
    `select case when e.id is null then 'without_event'
         when (select disabled_at from push_endpoint) is not null then 'disabled'
         when p.attempts > 0 then 'retrying' else 'waiting' end as sort,
       count(*)::int as count, coalesce(extract(epoch from capstan_now() - min(e.at)), 0)::float8 as "oldestSeconds"
     from pushes p left join events e on e.payment_key = p.payment_key and e.sequence = p.next_sequence
     where p.due_at is not null group by 1`,
  );
  return rows;
}
