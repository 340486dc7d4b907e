import { addDrift } from '../db/drift.ts';
import type { Pool } from '../db/pool.ts';
import type { Drift } from '../provider/conomy/drift.ts';
import type { Logger } from './logger.ts';

/** Counts where Conomy's answers and deliveries leave the documents. */
export interface DriftLog {
  /** Never throws and is not waited for. */
  note(found: readonly Drift[]): void;
  /** Writes down what is left to write. */
  close(): Promise<void>;
}

const FLUSH_MS = 5_000;
/** A provider that answers with ever new names must not fill our memory or the table. */
const DRIFTS_MAX = 500;

/** Gathers in memory and writes every few seconds, and only when there is something: most answers hold no drift. */
export function createDriftLog(pool: Pool, log: Logger): DriftLog {
  const known = new Set<string>();
  let gathered = new Map<string, Drift & { times: number }>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const flush = () => {
    timer = undefined;
    const seen = [...gathered.values()];
    gathered = new Map();
    if (seen.length === 0) return;
    writing = writing
      .then(() => addDrift(pool, seen))
      .catch((error: Error) =>
        log.debug({ event: 'drift.not_noted', err: error }, 'drift was seen and could not be noted'),
      );
  };

  return {
    note: (found) => {
      for (const drift of found) {
        const key = `${drift.kind} ${drift.place} ${drift.name} ${drift.seen}`;
        if (!known.has(key)) {
          if (known.size >= DRIFTS_MAX) continue;
          known.add(key);
          log.warn({ event: 'drift.seen', ...drift }, 'Conomy said something that its documents do not');
        }
        const counted = gathered.get(key);
        if (counted) counted.times += 1;
        else gathered.set(key, { ...drift, times: 1 });
      }
      if (gathered.size > 0) timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    close: async () => {
      clearTimeout(timer);
      flush();
      await writing;
    },
  };
}
