import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';

/** Repeats `duty` until stopped: at once while it says there is more to do, else after `intervalMs`. */
export function runEvery(
  name: string,
  intervalMs: number,
  duty: () => Promise<boolean>,
  log: Logger,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const more = await duty().catch((error: Error) => {
        log.warn({ event: 'duty.failed', duty: name, err: error }, `${name} failed; it is repeated`);
        return false;
      });
      if (!more) await delay(intervalMs, undefined, { signal: stopping.signal }).catch(() => {});
    }
  })();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
