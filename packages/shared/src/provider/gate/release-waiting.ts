import { setTimeout as delay } from 'node:timers/promises';
import type { Pool } from '../../db/pool.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { releaseBatch } from './release-batch.ts';

/**
 * Works off the releases that this or another process, dead or alive, has asked for, batch after batch, beside everything
 * else the process does.
 */
export function releaseWaiting({
  pool,
  log,
  isAskedFor,
  everyMs,
}: {
  pool: Pool;
  log: Logger;
  /** What the process saw when it last looked. */
  isAskedFor: () => boolean;
  everyMs: number;
}): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const batches = async () => {
    while (!stopping.signal.aborted && isAskedFor() && (await releaseBatch(pool, log)));
  };
  const running = (async () => {
    while (!stopping.signal.aborted) {
      await batches().catch((error: Error) =>
        log.warn({ event: 'commands.not_released', err: error }, 'a batch of commands was not released'),
      );
      await delay(everyMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
