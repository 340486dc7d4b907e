import type { Pool } from 'pg';
import pg from 'pg';
import type { Logger } from '../telemetry/logger.ts';

const CHANNEL = 'capstan_progress';

/** Instead of a key: waits for progress of whichever payment. */
export const ANY_PAYMENT = '*';

/** Tells all api processes that something about a payment was committed, so that waiting requests look again. */
export interface ProgressAnnouncer {
  /** Never throws and is never waited for: those who wait also look by themselves now and then. */
  announce(paymentKey: string): void;
  /** Resolves when nothing is left to announce. */
  idle(): Promise<void>;
}

/**
 * Announces after the commit, in statements of their own that gather what came meanwhile. A notification inside
 * the recording transaction would make PostgreSQL take a global lock until that transaction is on disk, and so
 * make all commits wait in line.
 */
export function createProgressAnnouncer(pool: Pool, log: Logger): ProgressAnnouncer {
  const waiting = new Set<string>();
  let sending: Promise<void> | null = null;
  const send = async () => {
    while (waiting.size > 0) {
      const keys = [...waiting];
      waiting.clear();
      await pool
        .query('select pg_notify($1::text, key) from unnest($2::text[]) as key', [CHANNEL, keys])
        .catch((error: Error) =>
          log.debug({ event: 'progress.not_announced', err: error }, 'nobody was told'),
        );
    }
    sending = null;
  };
  return {
    announce: (paymentKey) => {
      waiting.add(paymentKey);
      sending ??= send();
    },
    idle: async () => {
      await sending;
    },
  };
}

/** Calls back for each announced payment key. Reconnects by itself; what is announced meanwhile is missed. */
export interface ProgressListener {
  /** Resolves true when progress of the payment was announced, false after `waitMs` or when aborted. */
  next(paymentKey: string, waitMs: number, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

const RECONNECT_MS = 1_000;

export function listenForProgress(databaseUrl: string, log: Logger): ProgressListener {
  const waiters = new Map<string, Set<() => void>>();
  let client: pg.Client | null = null;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  const connect = async () => {
    const candidate = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'capstan-progress',
      connectionTimeoutMillis: 3_000,
      keepAlive: true,
    });
    const lost = once(() => {
      client = null;
      void candidate.end().catch(() => {});
      if (!closed)
        retry = setTimeout(() => {
          connecting = connect();
        }, RECONNECT_MS);
    });
    candidate.on('error', lost);
    candidate.on('end', lost);
    candidate.on('notification', ({ payload }) => {
      for (const key of [payload ?? '', ANY_PAYMENT]) for (const wake of waiters.get(key) ?? []) wake();
    });
    try {
      await candidate.connect();
      await candidate.query(`listen ${CHANNEL}`);
      client = candidate;
    } catch (error) {
      log.debug(
        { event: 'progress.not_listening', err: error },
        'waiting requests look by themselves meanwhile',
      );
      lost();
    }
  };
  let connecting = connect();

  return {
    next: (paymentKey, waitMs, signal) =>
      new Promise((resolve) => {
        const set = waiters.get(paymentKey) ?? new Set();
        waiters.set(paymentKey, set);
        const settle = (announced: boolean) => {
          clearTimeout(timer);
          set.delete(wake);
          if (set.size === 0) waiters.delete(paymentKey);
          signal.removeEventListener('abort', giveUp);
          resolve(announced);
        };
        const wake = () => settle(true);
        const giveUp = () => settle(false);
        const timer = setTimeout(() => settle(false), waitMs);
        set.add(wake);
        signal.addEventListener('abort', giveUp, { once: true });
        if (signal.aborted) giveUp();
      }),
    close: async () => {
      closed = true;
      clearTimeout(retry);
      // A connection being made now would otherwise be left open.
      await connecting;
      await client?.end();
    },
  };
}

function once(run: () => void): () => void {
  let ran = false;
  return () => {
    if (ran) return;
    ran = true;
    run();
  };
}
