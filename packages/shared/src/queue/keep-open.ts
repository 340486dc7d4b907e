import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '../telemetry/logger.ts';
import type { QueueBackend } from './backend.ts';

/** What BullMQ's `Queue` and `Worker` have in common. */
interface Openable {
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

export interface KeptOpen<T> {
  /** The object once the queue was reached, null before. */
  current(): T | null;
  close(): Promise<void>;
}

/** What is logged of an error. */
export type ErrorDescription = (error: Error) => object;

const RETRY_MS = 1_000;
const LOG_EVERY_MS = 10_000;

/**
 * Opens a BullMQ object as soon as the queue can be reached, trying again until then. Objects built while
 * PostgreSQL is down stay dead for ever (BullMQ 6.7), so nothing is built before a probe has succeeded.
 * @param describe what is logged of an error, for queues whose errors may quote what must not be logged.
 */
export function keepOpen<T extends Openable>(
  backend: QueueBackend,
  what: string,
  build: () => T,
  log: Logger,
  describe: ErrorDescription = (err) => ({ err }),
): KeptOpen<T> {
  const stop = new AbortController();
  let current: T | null = null;
  const report = rateLimited(log, what, describe);

  const opening = (async () => {
    while (!stop.signal.aborted) {
      let opened: T | undefined;
      try {
        await backend.probe();
        opened = build();
        opened.on('error', report);
        await opened.waitUntilReady();
        current = opened;
        log.debug({ event: 'queue.opened', what }, 'the queue is reachable');
        return;
      } catch (error) {
        report(error as Error);
        await opened?.close().catch(() => {});
        await delay(RETRY_MS, undefined, { signal: stop.signal }).catch(() => {});
      }
    }
  })();

  return {
    current: () => current,
    close: async () => {
      stop.abort();
      await opening;
      await current?.close();
    },
  };
}

/** A lost queue fails every call; saying so now and then is enough. */
function rateLimited(log: Logger, what: string, describe: ErrorDescription): (error: Error) => void {
  let quietUntil = 0;
  return (error) => {
    if (Date.now() < quietUntil) return;
    quietUntil = Date.now() + LOG_EVERY_MS;
    log.warn(
      { event: 'queue.failing', what, ...describe(error) },
      'the queue does not work as it should; nothing is lost, the tables hold every job',
    );
  };
}
