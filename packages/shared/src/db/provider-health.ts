import type { Pool, PoolClient } from 'pg';
import type { PauseScope } from '../domain/pause-scope.ts';
import type { Lane, ProviderHealth } from '../domain/provider-health.ts';
import type { PauseCause } from './pauses.ts';
import { inTransaction } from './transaction.ts';
import { lineFor } from './wait-in-line.ts';

const COLUMNS = `breaker, failures, failed_payments as "failedPayments", openings, forbidden,
  forbidden_payments as "forbiddenPayments", calls_per_second as "callsPerSecond",
  (extract(epoch from next_try_at - capstan_now()) * 1000)::float8 as "nextTryInMs",
  (extract(epoch from capstan_now() - rate_changed_at) * 1000)::float8 as "rateChangedMsAgo",
  (extract(epoch from capstan_now() - turned_away_at) * 1000)::float8 as "turnedAwayMsAgo",
  (extract(epoch from capstan_now() - succeeded_at) * 1000)::float8 as "succeededMsAgo"`;

/** What a process goes by until it looks again. */
export interface HealthSnapshot {
  health: ProviderHealth;
  pauses: { scope: PauseScope; cause: PauseCause }[];
  /** Commands that waited are being released. */
  releasing: boolean;
  /** What the database's clock showed. */
  databaseMs: number;
}

/** The provider's health, the pauses in force and whether there is something to release, in one statement. */
export async function readHealth(db: Pool): Promise<HealthSnapshot> {
  const { rows } = await db.query<ProviderHealth & Omit<HealthSnapshot, 'health'>>(
    `select ${COLUMNS}, coalesce((
       select jsonb_agg(jsonb_build_object('cause', cause, 'scope',
         jsonb_strip_nulls(jsonb_build_object('kind', scope_kind, 'value', scope_value))))
       from pauses where lifted_at is null
     ), '[]') as pauses, exists (select from releases) as releasing,
       (extract(epoch from capstan_now()) * 1000)::float8 as "databaseMs"
     from provider_health`,
  );
  const { pauses, releasing, databaseMs, ...health } = onlyRow(rows);
  return { health, pauses, releasing, databaseMs };
}

/** As {@link readHealth}, held until the transaction ends, so that what is decided from it cannot be overtaken. */
export async function lockHealth(tx: PoolClient, mode: 'share' | 'update'): Promise<ProviderHealth> {
  const { rows } = await tx.query<ProviderHealth>(
    `select ${COLUMNS} from provider_health, ${lineFor('provider_health', mode)} for ${mode} of provider_health`,
  );
  return onlyRow(rows);
}

/**
 * Changes the shared health by a pure `change`, one process after the other; null changes nothing. `then` runs in the
 * same transaction after a change.
 */
export function changeHealth(
  pool: Pool,
  change: (health: ProviderHealth) => ProviderHealth | null,
  then: (tx: PoolClient, before: ProviderHealth, after: ProviderHealth) => Promise<void>,
): Promise<{ before: ProviderHealth; after: ProviderHealth }> {
  return inTransaction(pool, async (tx) => {
    const before = await lockHealth(tx, 'update');
    const after = change(before);
    if (after === null) return { before, after: before };
    await writeHealth(tx, after);
    await then(tx, before, after);
    return { before, after };
  });
}

export async function writeHealth(tx: PoolClient, health: ProviderHealth): Promise<void> {
  await tx.query(
    `update provider_health set breaker = $1::text, failures = $2::integer, failed_payments = $3::text[],
       openings = $4::integer, forbidden = $5::integer, forbidden_payments = $6::text[],
       opened_at = case when $1::text = 'closed' then null else coalesce(opened_at, capstan_now()) end,
       next_try_at = capstan_now() + $7::float8 * interval '1 millisecond',
       calls_per_second = $8::float8,
       rate_changed_at = capstan_now() - $9::float8 * interval '1 millisecond',
       -- As they stand but for what is just now: they are held against instants of attempts, and must not creep. Ahead of a
       -- clock that was set back they would make news of every call, or of none.
       turned_away_at = case when $10::float8 = 0 or turned_away_at > capstan_now() then capstan_now() else turned_away_at end,
       succeeded_at = case when $11::float8 = 0 or succeeded_at > capstan_now() then capstan_now() else succeeded_at end`,
    [
      health.breaker,
      health.failures,
      health.failedPayments,
      health.openings,
      health.forbidden,
      health.forbiddenPayments,
      health.nextTryInMs,
      health.callsPerSecond,
      health.rateChangedMsAgo,
      health.turnedAwayMsAgo,
      health.succeededMsAgo,
    ],
  );
}

/**
 * Takes `count` slots of a lane at `perSecond`, for this process alone.
 * @returns milliseconds until the first of them, by the database's clock; the others follow at the lane's pace.
 */
export async function takeSlots(
  db: Pool,
  lane: Lane,
  count: number,
  perSecond: number,
): Promise<{ inMs: number; databaseMs: number }> {
  const column = `${lane}_slot_at`;
  const { rows } = await db.query<{ inMs: number; databaseMs: number }>(
    `update provider_health set ${column} =
       greatest(coalesce(${column}, capstan_now()), capstan_now()) + $1::float8 / $2::float8 * interval '1 second'
     returning (extract(epoch from ${column} - capstan_now()) * 1000 - 1000 * $1::float8 / $2::float8)::float8 as "inMs",
       (extract(epoch from capstan_now()) * 1000)::float8 as "databaseMs"`,
    [count, perSecond],
  );
  return onlyRow(rows);
}

/** The provider asked everybody to wait. */
export async function holdSlots(tx: PoolClient, ms: number): Promise<void> {
  await tx.query(
    `update provider_health set
       write_slot_at = greatest(write_slot_at, capstan_now() + $1::float8 * interval '1 millisecond'),
       read_slot_at = greatest(read_slot_at, capstan_now() + $1::float8 * interval '1 millisecond')`,
    [ms],
  );
}

/** The clock that the slots were taken by was wrong, or is. A wait that the provider asked for is asked for anew if it has to be. */
export async function forgetSlots(db: Pool): Promise<void> {
  await db.query('update provider_health set write_slot_at = null, read_slot_at = null');
}

function onlyRow<T>(rows: readonly T[]): T {
  const [row] = rows;
  if (row === undefined)
    throw new Error('provider_health has lost its only row; put it back with its defaults');
  return row;
}
