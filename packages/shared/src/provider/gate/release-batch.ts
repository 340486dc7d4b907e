import { lockPauseScopes } from '../../db/pauses.ts';
import type { Pool, PoolClient } from '../../db/pool.ts';
import {
  advanceRelease,
  endRelease,
  findWaiting,
  leaveToPause,
  type Release,
  releaseWaiting,
  takeRelease,
} from '../../db/releases.ts';
import { inTransaction } from '../../db/transaction.ts';
import { isCovered } from '../../domain/pause-scope.ts';
import { releasePace } from '../../domain/release.ts';
import type { Logger } from '../../telemetry/logger.ts';

/** Before those that were in somebody's hands are looked for again. */
const LOOK_AGAIN_MS = 1_500;

/**
 * Releases the next batch of what may go on, in a transaction of its own: a process that dies in it leaves everything to
 * the next one, and two at once take turns. What a pause still covers stays waiting.
 * @returns whether there was a batch, so that another one may follow at once.
 */
export async function releaseBatch(pool: Pool, log: Logger): Promise<boolean> {
  const ended = await inTransaction(pool, async (tx) => {
    // Before the release, in the order in which a pause is lifted: whoever lifts one sees what this leaves to it.
    const scopes = await lockPauseScopes(tx);
    const release = await takeRelease(tx);
    if (release === null) return null;
    const { perSecond, batch } = releasePace(release.lane, release.callsPerSecond);
    const waiting = await findWaiting(tx, release, batch);
    const isHeld = (write: (typeof waiting)[number]) =>
      release.lane === 'write' && scopes.some((scope) => isCovered(scope, write));
    const [held, free] = [waiting.filter(isHeld), waiting.filter((write) => !isHeld(write))];
    const ids = free.map(({ id }) => id);
    const released = ids.length === 0 ? 0 : await releaseWaiting(tx, release, ids, perSecond);
    const heldIds = release.waitsFor === 'provider' ? held.map(({ id }) => id) : [];
    const left = heldIds.length === 0 ? 0 : await leaveToPause(tx, heldIds);
    const passedOver = release.passedOver || released + left < free.length + heldIds.length;
    const last = waiting.at(-1);
    if (waiting.length === batch && last !== undefined) {
      const releasedForMs = (released * 1_000) / perSecond;
      await advanceRelease(tx, release, { afterPosition: last.position, passedOver, releasedForMs });
      return { ...release, isOver: false };
    }
    return { ...release, isOver: await finish(tx, release, passedOver) };
  });
  if (ended?.isOver) logReleased(log, ended);
  return ended !== null;
}

/** The end of the walk, or of one that begins again. */
async function finish(tx: PoolClient, release: Release, passedOver: boolean): Promise<boolean> {
  if (passedOver) {
    const again = { afterPosition: 0, passedOver: false, releasedForMs: LOOK_AGAIN_MS };
    await advanceRelease(tx, release, again);
  } else {
    await endRelease(tx, release);
  }
  return !passedOver;
}

function logReleased(log: Logger, { waitsFor, lane, ageMs }: Release): void {
  log.info(
    { event: 'commands.released', waitsFor, lane, durationMs: Math.round(ageMs) },
    `everything that waited for the ${waitsFor} was released`,
  );
}
