import type { PoolClient } from 'pg';
import type { PausableWrite } from '../domain/pause-scope.ts';
import type { Lane } from '../domain/provider-health.ts';

/** A release under way: how far it has come through what waits. */
export interface Release {
  waitsFor: 'pause' | 'provider';
  lane: Lane;
  /** In the order of acceptance; 0 at its beginning. */
  afterPosition: number;
  passedOver: boolean;
  /** Since it was asked for. */
  ageMs: number;
  /** Until the last one it released is due; negative once that is past. */
  aheadMs: number;
  /** The shared rate; null: not limited. */
  callsPerSecond: number | null;
}

/** A command that waits, as far as pauses look at it. */
export interface WaitingCommand extends PausableWrite {
  id: string;
  position: number;
}

const LANE = `case when status = 'unresolved' then 'read' else 'write' end`;

/**
 * What waits for this may go on: any process releases it from now on, from the beginning again where a release is under
 * way. Part of the transaction that says so, and as cheap with a million waiting as with none.
 */
export async function requestRelease(
  tx: PoolClient,
  waitsFor: Release['waitsFor'],
  lane: Lane,
): Promise<void> {
  await tx.query(
    `insert into releases (waits_for, lane) values ($1::text, $2::text)
     on conflict (waits_for, lane) do update
       set requested_at = excluded.requested_at, after_position = 0, passed_over = false`,
    [waitsFor, lane],
  );
}

/** No release is ahead of the clock by more than this, unless the clock was set back. */
const AHEAD_MS_MAX = 10_000;
/** A release this far ahead waits, so that one that is stopped leaves little on its way. */
const AHEAD_MS = 1_000;

/**
 * Takes a release that may go on, reads first, for this transaction alone; null while there is none, or another process
 * has it. Writes stand still while the breaker is not closed.
 */
export async function takeRelease(tx: PoolClient): Promise<Release | null> {
  const { rows } = await tx.query<Release>(
    `select r.waits_for as "waitsFor", r.lane, r.after_position as "afterPosition", r.passed_over as "passedOver",
       (extract(epoch from capstan_now() - r.requested_at) * 1000)::float8 as "ageMs",
       coalesce(extract(epoch from r.released_to - capstan_now()) * 1000, 0)::float8 as "aheadMs",
       h.calls_per_second as "callsPerSecond"
     from releases r cross join provider_health h
     where (r.lane = 'read' and h.breaker <> 'open' or h.breaker = 'closed')
       and (r.released_to is null or r.released_to not between
         capstan_now() + $1::float8 * interval '1 millisecond' and capstan_now() + $2::float8 * interval '1 millisecond')
     order by r.lane, r.requested_at limit 1 for update of r skip locked`,
    [AHEAD_MS, AHEAD_MS_MAX],
  );
  const [release] = rows;
  return release === undefined ? null : { ...release, aheadMs: plausible(release.aheadMs) };
}

function plausible(aheadMs: number): number {
  return aheadMs > AHEAD_MS_MAX ? 0 : Math.max(aheadMs, 0);
}

/** The next `limit` commands of a release, in the order of acceptance. */
export async function findWaiting(
  tx: PoolClient,
  release: Release,
  limit: number,
): Promise<WaitingCommand[]> {
  const { rows } = await tx.query<WaitingCommand>(
    `select w.id, w.position, w.operation, w.type as "commandType", p.snapshot->>'type' as "paymentType",
       w.payment_key as "paymentKey"
     from (
       select id, position, type, payment_key, steps[steps_done + 1] as operation from commands
       where waits_for = $1::text and ${LANE} = $2::text and position > $3::bigint
       order by position limit $4::integer
     ) w join payments p on p.key = w.payment_key
     order by w.position`,
    [release.waitsFor, release.lane, release.afterPosition, limit],
  );
  return rows;
}

/**
 * Makes these due one after the other, where they still wait and nobody has them in hand. One that is due sooner by itself
 * stays so. @returns how many.
 */
export async function releaseWaiting(
  tx: PoolClient,
  release: Release,
  ids: readonly string[],
  perSecond: number,
): Promise<number> {
  const { rowCount } = await tx.query(
    `with held as (
       select c.id, capstan_now() + ($3::float8 + (given.nth - 1) * 1000 / $4::float8) * interval '1 millisecond' as at
       from unnest($1::uuid[]) with ordinality as given(id, nth) join commands c on c.id = given.id
       where c.waits_for = $2::text for update of c skip locked
     )
     update commands c set waits_for = null, due_at = least(c.due_at, held.at), offer_at = least(c.offer_at, held.at)
     from held where c.id = held.id`,
    [ids, release.waitsFor, release.aheadMs, perSecond],
  );
  return rowCount ?? 0;
}

/**
 * What waited for the provider waits for a pause from now on, where nobody has it in hand: whoever lifts the pause releases it.
 * @returns how many.
 */
export async function leaveToPause(tx: PoolClient, ids: readonly string[]): Promise<number> {
  const { rowCount } = await tx.query(
    `update commands set waits_for = 'pause' where id in (
       select id from commands where id = any($1::uuid[]) and waits_for = 'provider' for update skip locked
     )`,
    [ids],
  );
  return rowCount ?? 0;
}

/** Notes how far a taken release has come; `releasedForMs` is how much time its newest batch was spread over. */
export async function advanceRelease(
  tx: PoolClient,
  release: Release,
  to: { afterPosition: number; passedOver: boolean; releasedForMs: number },
): Promise<void> {
  await tx.query(
    `update releases set after_position = $3::bigint, passed_over = $4::boolean,
       released_to = capstan_now() + $5::float8 * interval '1 millisecond'
     where waits_for = $1::text and lane = $2::text`,
    [release.waitsFor, release.lane, to.afterPosition, to.passedOver, release.aheadMs + to.releasedForMs],
  );
}

/** All that waited was looked at. */
export async function endRelease(tx: PoolClient, { waitsFor, lane }: Release): Promise<void> {
  await tx.query('delete from releases where waits_for = $1::text and lane = $2::text', [waitsFor, lane]);
}

/** Lets up to `most` of the writes that wait for the provider try, the oldest first, ahead of the release of all. */
export async function releaseTrials(tx: PoolClient, most: number): Promise<void> {
  await tx.query(
    `update commands set waits_for = null, due_at = capstan_now(), offer_at = capstan_now()
     where id in (
       select id from commands where waits_for = 'provider' and ${LANE} = 'write'
       order by position limit $1::integer for update skip locked
     )`,
    [most],
  );
}
