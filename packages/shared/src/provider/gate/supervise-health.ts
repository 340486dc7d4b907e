import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from '../../db/pool.ts';
import type { HealthSnapshot } from '../../db/provider-health.ts';
import { releaseTrials } from '../../db/releases.ts';
import { inTransaction } from '../../db/transaction.ts';
import { afterFailedProbe, beginProbe, growRate } from '../../domain/provider-health.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ProviderResult } from '../payment-provider.ts';
import { type HealthReports, TRIALS_RELEASED } from './health-reports.ts';
import { troubleOf } from './trouble.ts';

export interface Supervision {
  start(probe: () => Promise<ProviderResult<unknown>>): void;
  /** Waits, but not longer than the supervision lasts. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

/** Looks at the shared health all the time, and does what is due: a probe, a trial, a step up of the rate. */
export function superviseHealth({
  pool,
  log,
  look,
  everyMs,
  leaseMs,
  random,
  reports,
}: {
  pool: Pool;
  log: Logger;
  look: () => Promise<HealthSnapshot>;
  everyMs: number;
  /** A probe that has not come back by then is given up, and another process may try. */
  leaseMs: number;
  /** In [0, 1). */
  random: () => number;
  reports: HealthReports;
}): Supervision {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();
  const rest = (ms: number, signal: AbortSignal) =>
    delay(ms, undefined, { signal: AbortSignal.any([signal, stopping.signal]) }).catch(() => {});

  const round = async (probe: () => Promise<ProviderResult<unknown>>) => {
    const { health, pauses } = await look();
    const isRefused = pauses.some(({ cause }) => cause === 'credentials_refused');
    if (health.breaker === 'open' || isRefused) {
      if (await reports.change((now) => beginProbe(now, leaseMs))) {
        const probed = await probe();
        if (!probed.ok && troubleOf(probed.failure) === 'failing')
          await reports.change((now) => afterFailedProbe(now, random()));
      }
    } else if (health.breaker === 'half_open') {
      await inTransaction(pool, (tx) => releaseTrials(tx, TRIALS_RELEASED));
    }
    if (growRate(health) !== null) await reports.change(growRate);
  };

  return {
    start: (probe) => {
      running = (async () => {
        while (!stopping.signal.aborted) {
          await round(probe).catch((error: Error) =>
            log.debug({ event: 'provider.not_looked_at', err: error }, 'the shared health could not be read'),
          );
          await rest(everyMs, stopping.signal);
        }
      })();
    },
    pause: rest,
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
