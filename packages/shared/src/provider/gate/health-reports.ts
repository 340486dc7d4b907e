import { randomUUID } from 'node:crypto';
import { CAPSTAN_ITSELF, insertPause, liftCredentialsPause } from '../../db/pauses.ts';
import type { Pool, PoolClient } from '../../db/pool.ts';
import { changeHealth, type HealthSnapshot, holdSlots } from '../../db/provider-health.ts';
import { releaseTrials, requestRelease } from '../../db/releases.ts';
import { inTransaction } from '../../db/transaction.ts';
import {
  afterAnswer,
  afterFailure,
  afterForbidden,
  afterSuccess,
  afterTooMany,
  afterTurnedAway,
  isForbidden,
  type ProviderHealth,
} from '../../domain/provider-health.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ProviderFailure } from '../payment-provider.ts';
import type { WatchedCall } from '../traffic.ts';
import { createCallRate } from './call-rate.ts';
import { troubleOf } from './trouble.ts';

/** Brings the ends of this process's calls into the shared health. Calls that go well while all is well cost nothing. */
export interface HealthReports {
  ended(call: WatchedCall, failure: ProviderFailure | null): void;
  /** Applies a pure change to the shared health, lets go what it frees, and looks again. */
  change(by: (health: ProviderHealth) => ProviderHealth | null): Promise<boolean>;
  /** Resolves when nothing is left to report. */
  settled(): Promise<void>;
}

export interface HealthReportsOptions {
  pool: Pool;
  log: Logger;
  random: () => number;
  monotonicMs: () => number;
  snapshot: () => HealthSnapshot | null;
  /** Reads the shared rows anew. */
  look: () => Promise<unknown>;
}

/** A 429 that does not say for how long. */
const TOO_MANY_MS = 1_000;
/** Let through one after the other while the breaker is half-open. */
export const TRIALS_RELEASED = 5;

export function createHealthReports(options: HealthReportsOptions): HealthReports {
  const { pool, log, random, monotonicMs, snapshot, look } = options;
  const rate = createCallRate(monotonicMs);
  let succeededSinceFailure = true;
  let otherSinceForbidden = true;
  /** Reports go one after the other, in the order in which the calls ended. */
  let reporting: Promise<unknown> = Promise.resolve();

  const report = (what: string, work: () => Promise<unknown>) => {
    reporting = reporting
      .then(work)
      .then(look)
      .catch((error: Error) =>
        log.warn(
          { event: 'provider.not_reported', what, err: error },
          'the shared health of the provider was not updated',
        ),
      );
  };

  const change: HealthReports['change'] = async (by) => {
    const { before, after } = await changeHealth(pool, by, letGo);
    if (before.breaker !== after.breaker) logBreaker(log, before, after);
    return before !== after;
  };

  const failed = (call: WatchedCall, failure: ProviderFailure) => {
    const afterSuccess = succeededSinceFailure;
    succeededSinceFailure = false;
    const facts = { ...call, notSent: failure.stage === 'not_sent', afterSuccess, random: random() };
    report('failing', () => change((health) => afterFailure(health, facts)));
  };

  const answered = ({ kind }: WatchedCall, isWell: boolean) => {
    succeededSinceFailure = true;
    const seen = snapshot();
    if (seen === null) return;
    if (seen.health.breaker !== 'closed')
      report('answered', () => change((health) => afterAnswer(health, kind)));
    else if (isWell && afterSuccess(seen.health) !== null) report('succeeded', () => change(afterSuccess));
    if (kind === 'read' && seen.pauses.some(({ cause }) => cause === 'credentials_refused'))
      report('credentials', () => liftCredentials(pool, log));
  };

  const forbidden = (payment: string | null) => {
    const afterOther = otherSinceForbidden;
    otherSinceForbidden = false;
    report('forbidden', () =>
      changeHealth(
        pool,
        (health) => afterForbidden(health, { payment, afterOther }),
        async (tx, _before, after) => {
          if (isForbidden(after)) await pauseFor(tx, log, 'forbidden', FORBIDDEN);
        },
      ),
    );
  };

  return {
    ended: (call, failure) => {
      rate.count();
      switch (troubleOf(failure)) {
        case 'failing':
          if (failure !== null) failed(call, failure);
          return;
        case 'too_many':
          return report('too_many', () =>
            slowDown(pool, log, rate.perSecond(), failure?.retryAfterMs ?? TOO_MANY_MS),
          );
        case 'credentials':
          return report('credentials', () =>
            inTransaction(pool, (tx) => pauseFor(tx, log, 'credentials_refused', REFUSED)),
          );
        case 'none':
          answered(call, failure === null);
          if (call.kind === 'read') return;
          if (failure?.httpStatus === 403) return forbidden(call.payment);
          otherSinceForbidden = true;
          return;
        case 'unknown':
          return;
      }
    },
    change,
    settled: async () => {
      await reporting;
    },
  };
}

const REFUSED =
  'Conomy refuses the configured credentials. Correct CONOMY_API_KEY, CONOMY_CLIENT_ID and CONOMY_CLIENT_SECRET and restart; work goes on by itself once Conomy takes them.';
const FORBIDDEN =
  'Conomy answered five writes in a row, of three payments or more, with 403. Find out what this tenant may do, then lift this pause.';

/**
 * In the transaction of the change: nobody is let go by a change that does not last, and whoever dies after it is not
 * needed any more. The many are released in batches by whoever is there; here only the few that try.
 */
async function letGo(tx: PoolClient, before: ProviderHealth, after: ProviderHealth): Promise<void> {
  if (before.breaker === after.breaker || after.breaker === 'open') return;
  await requestRelease(tx, 'provider', 'read');
  if (after.breaker === 'closed') await requestRelease(tx, 'provider', 'write');
  else await releaseTrials(tx, TRIALS_RELEASED);
}

async function slowDown(
  pool: Pool,
  log: Logger,
  callsPerSecond: number,
  retryAfterMs: number,
): Promise<void> {
  const { before, after } = await changeHealth(
    pool,
    (health) => afterTurnedAway(afterTooMany(health, callsPerSecond) ?? health),
    (tx) => holdSlots(tx, retryAfterMs),
  );
  if (before.callsPerSecond === after.callsPerSecond) return;
  log.warn(
    { event: 'provider.rate_lowered', callsPerSecond: after.callsPerSecond, retryAfterMs },
    `429: all processes together now make at most ${after.callsPerSecond} calls per second`,
  );
}

async function pauseFor(
  tx: PoolClient,
  log: Logger,
  cause: 'credentials_refused' | 'forbidden',
  reason: string,
): Promise<void> {
  const pause = {
    id: randomUUID(),
    scope: { kind: 'all' },
    reason,
    cause,
    pausedBy: CAPSTAN_ITSELF,
  } as const;
  if ((await insertPause(tx, pause)) === null) return;
  log.error({ event: 'provider.paused', pauseId: pause.id, cause }, reason);
}

async function liftCredentials(pool: Pool, log: Logger): Promise<void> {
  if (await liftCredentialsPause(pool))
    log.info(
      { event: 'provider.pause_lifted', cause: 'credentials_refused' },
      'Conomy takes the credentials again',
    );
}

function logBreaker(log: Logger, before: ProviderHealth, after: ProviderHealth): void {
  const level = after.breaker === 'open' ? 'warn' : 'info';
  log[level](
    {
      event: 'provider.breaker',
      from: before.breaker,
      to: after.breaker,
      openings: after.openings,
      nextTryInMs: after.nextTryInMs,
    },
    `the breaker is ${after.breaker.replace('_', '-')}`,
  );
}
