import { lockPauseScopes } from '../../db/pauses.ts';
import type { Pool, PoolClient } from '../../db/pool.ts';
import {
  forgetSlots,
  type HealthSnapshot,
  lockHealth,
  readHealth,
  takeSlots,
  writeHealth,
} from '../../db/provider-health.ts';
import type { WaitsFor } from '../../domain/command-status.ts';
import { isCovered, type PausableWrite } from '../../domain/pause-scope.ts';
import { beginTrial, type Lane, shareOf } from '../../domain/provider-health.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ProviderResult } from '../payment-provider.ts';
import type { Traffic } from '../traffic.ts';
import { createHealthReports } from './health-reports.ts';
import { releaseWaiting } from './release-waiting.ts';
import { createSlots, type Slots } from './slots.ts';
import { createStepWatch } from './step-watch.ts';
import { superviseHealth } from './supervise-health.ts';

/** Whether a call may begin now; if not, what its command waits for and for how long at most. */
export type Admission = { admitted: true } | { admitted: false; waitsFor: WaitsFor; waitMs: number };

/**
 * Lets calls to the provider through, or has them wait: pauses, the breaker and the rate, shared by all processes.
 * While all is well an admission costs no statement: each process looks at the shared rows twice a second and goes by
 * what it saw. Only what would have to wait is decided from the rows themselves, under their lock.
 */
export interface ProviderGate extends Traffic {
  /** Asked in the transaction that begins the write. */
  admitWrite(tx: PoolClient, write: PausableWrite): Promise<Admission>;
  /** Asked in the transaction before a read that a command needs. */
  admitRead(tx: PoolClient): Promise<Admission>;
  /** While the breaker is open: after how many milliseconds a read that no command needs may be tried again, else null. */
  awayMs(): number | null;
  /** What this process goes by; null before its first look. */
  snapshot(): HealthSnapshot | null;
  /** Begins to look at the shared rows; `probe` is a read that shows whether the provider works again. */
  open(probe: () => Promise<ProviderResult<unknown>>): Promise<void>;
  close(): Promise<void>;
}

export interface ProviderGateOptions {
  pool: Pool;
  log: Logger;
  /** In [0, 1). */
  random: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicMs: () => number;
  /** No trial write and no probe can still be under way this long after it began. */
  trialMsMax: number;
}

const LOOK_EVERY_MS = 500;
/** A process that was stopped for a while must not go by what it saw before. */
const SNAPSHOT_MS_MAX = 1_000;
/**
 * The way back is told by a release of the waiting commands; this is for one that never came. A million that wait through a
 * long outage are claimed and put off again at most a few hundred a second by it.
 */
const RELEASE_LATE_MS = 3_600_000;
const HALF_OPEN_WAIT_MS = 10_000;
const RATE_WAIT_MS_MAX = 30_000;
const AWAY_MS = 30_000;
const READ_TURN_MS_MAX = 5_000;

const ADMITTED: Admission = { admitted: true };

export function createProviderGate(options: ProviderGateOptions): ProviderGate {
  const { pool, log, random, monotonicMs, trialMsMax } = options;
  let seen: (HealthSnapshot & { atMs: number }) | null = null;
  /** Writes told to wait for the rate since the last look: how long the next one has to wait. */
  let waitingForRate = 0;
  const hasStepped = createStepWatch();
  /** A step was noticed; it stays so until the slots are forgotten, however often that fails. */
  let isToForget = false;

  /** Nobody waits for an instant of a clock that was wrong. @returns whether slots were forgotten. */
  const forgetIfStepped = async (fromMs: number, clockMs: number): Promise<boolean> => {
    if (hasStepped({ fromMs, untilMs: monotonicMs(), clockMs })) isToForget = true;
    if (!isToForget) return false;
    await forgetSlots(pool);
    isToForget = false;
    slots.write.forget();
    slots.read.forget();
    return true;
  };
  const look = async () => {
    const atMs = monotonicMs();
    const read = await readHealth(pool);
    seen = { ...read, atMs };
    waitingForRate = 0;
    await forgetIfStepped(atMs, read.databaseMs);
    return seen;
  };
  const reports = createHealthReports({ pool, log, random, monotonicMs, snapshot: () => seen, look });
  const paceOf = (lane: Lane) => () => (seen?.health.callsPerSecond ?? 1) * shareOf(lane);
  const drawOf = (lane: Lane) => async (count: number, perSecond: number) => {
    const fromMs = monotonicMs();
    const drawn = await takeSlots(pool, lane, count, perSecond);
    const isWrong = await forgetIfStepped(fromMs, drawn.databaseMs);
    return (isWrong ? await takeSlots(pool, lane, count, perSecond) : drawn).inMs;
  };
  const slotsOf = (lane: Lane): Slots => createSlots(drawOf(lane), paceOf(lane), monotonicMs);
  const slots = { write: slotsOf('write'), read: slotsOf('read') };
  const isFresh = () => seen !== null && monotonicMs() - seen.atMs < SNAPSHOT_MS_MAX;
  const isLimited = () => seen !== null && seen.health.callsPerSecond !== null;
  const jittered = (ms: number) => Math.round(ms * (0.9 + random() / 5));
  const waitFor = (waitsFor: WaitsFor, ms: number): Admission => ({
    admitted: false,
    waitsFor,
    waitMs: jittered(ms),
  });

  const admitAtRate = (): Admission => {
    if (!isLimited() || slots.write.take()) return ADMITTED;
    waitingForRate += 1;
    const backlogMs = (waitingForRate * 1_000) / paceOf('write')();
    return waitFor(
      'rate',
      Math.min(Math.max(backlogMs, slots.write.nextInMs() ?? LOOK_EVERY_MS), RATE_WAIT_MS_MAX),
    );
  };

  /** Decided under the locks of those who would let it go on, so that nobody lets go what is not yet waiting. */
  const admitWriteUnderLock = async (tx: PoolClient, write: PausableWrite): Promise<Admission> => {
    const scopes = await lockPauseScopes(tx);
    if (scopes.some((scope) => isCovered(scope, write))) return waitFor('pause', RELEASE_LATE_MS);
    // A trial is noted in the row; taking the stronger lock only then spares the others the queue.
    const mode = seen?.health.breaker === 'half_open' ? 'update' : 'share';
    const health = await lockHealth(tx, mode);
    if (health.breaker === 'closed') return admitAtRate();
    if (health.breaker === 'open') return waitFor('provider', RELEASE_LATE_MS);
    const trial = mode === 'update' ? beginTrial(health, trialMsMax) : null;
    if (trial === null) return waitFor('provider', HALF_OPEN_WAIT_MS);
    await writeHealth(tx, trial);
    return ADMITTED;
  };

  const supervision = superviseHealth({
    pool,
    log,
    look,
    everyMs: LOOK_EVERY_MS,
    leaseMs: trialMsMax,
    random,
    reports,
  });
  const isAskedFor = () => seen?.releasing ?? false;
  let releasing: ReturnType<typeof releaseWaiting> | null = null;

  return {
    ended: reports.ended,
    snapshot: () => seen,
    awayMs: () => (seen?.health.breaker === 'open' ? jittered(AWAY_MS) : null),
    admitWrite: async (tx, write) => {
      const isClear =
        seen !== null &&
        isFresh() &&
        seen.health.breaker === 'closed' &&
        !seen.pauses.some(({ scope }) => isCovered(scope, write));
      return isClear ? admitAtRate() : admitWriteUnderLock(tx, write);
    },
    admitRead: async (tx) => {
      if (isFresh() && seen?.health.breaker !== 'open') return ADMITTED;
      const { breaker } = await lockHealth(tx, 'share');
      return breaker === 'open' ? waitFor('provider', RELEASE_LATE_MS) : ADMITTED;
    },
    awaitReadTurn: async (signal) => {
      const giveUpAtMs = monotonicMs() + READ_TURN_MS_MAX;
      while (isLimited() && !slots.read.take()) {
        await slots.read.drawn();
        const inMs = slots.read.nextInMs() ?? LOOK_EVERY_MS;
        if (signal.aborted || monotonicMs() + inMs > giveUpAtMs) {
          return { stage: 'not_sent', reason: 'rate_limited', retryAfterMs: Math.ceil(inMs) };
        }
        await supervision.pause(inMs, signal);
      }
      return null;
    },
    open: async (probe) => {
      await look();
      supervision.start(probe);
      releasing = releaseWaiting({ pool, log, isAskedFor, everyMs: LOOK_EVERY_MS });
    },
    close: async () => {
      await Promise.all([supervision.stop(), releasing?.stop()]);
      await reports.settled();
    },
  };
}
