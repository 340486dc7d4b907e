import type { Pool } from 'pg';
import pg from 'pg';
import type { Logger } from '../telemetry/logger.ts';
import { takeSettings } from './session-settings.ts';

/** What is told from process to process through PostgreSQL; each announcement has a key. */
export type Channel = 'capstan_progress';

/** Something about a payment was committed; its key is the payment's. */
export const PROGRESS: Channel = 'capstan_progress';

/** Instead of a key: waits for whichever comes. */
export const ANY_KEY = '*';

/** Tells all processes that listen, so that whoever waits looks again. */
export interface Announcer {
  /** Never throws and is never waited for: those who wait also look by themselves now and then. */
  announce(key: string): void;
  /** Resolves when nothing is left to announce. */
  idle(): Promise<void>;
}

/**
 * Announces after the commit, in statements of their own that gather what came meanwhile. A notification inside
 * the recording transaction would make PostgreSQL take a global lock until that transaction is on disk, and so
 * make all commits wait in line.
 */
export function createAnnouncer(pool: Pool, channel: Channel, log: Logger): Announcer {
  const waiting = new Set<string>();
  let sending: Promise<void> | null = null;
  const send = async () => {
    while (waiting.size > 0) {
      const keys = [...waiting];
      waiting.clear();
      await pool
        .query('select pg_notify($1::text, key) from unnest($2::text[]) as key', [channel, keys])
        .catch((error: Error) =>
          log.debug({ event: 'announcements.not_sent', channel, err: error }, 'nobody was told'),
        );
    }
    sending = null;
  };
  return {
    announce: (key) => {
      waiting.add(key);
      sending ??= send();
    },
    idle: async () => {
      await sending;
    },
  };
}

/** Hears what is announced. Reconnects by itself; what is announced meanwhile is missed. */
export interface Listener {
  /** Resolves true when the key was announced, false after `waitMs` or when aborted. */
  next(key: string, waitMs: number, signal: AbortSignal): Promise<boolean>;
  close(): Promise<void>;
}

const RECONNECT_MS = 1_000;

/** @param databaseUrl of PostgreSQL itself: who listens needs a session. */
export function listenTo(databaseUrl: string, channel: Channel, log: Logger): Listener {
  const waiters = new Map<string, Set<() => void>>();
  let client: pg.Client | null = null;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  const connect = async () => {
    const candidate = new pg.Client({
      connectionString: databaseUrl,
      application_name: 'capstan-listener',
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
      for (const key of [payload ?? '', ANY_KEY]) for (const wake of waiters.get(key) ?? []) wake();
    });
    try {
      await candidate.connect();
      await takeSettings(candidate);
      await candidate.query(`listen ${channel}`);
      client = candidate;
    } catch (error) {
      log.debug(
        { event: 'announcements.not_heard', channel, err: error },
        'those who wait look by themselves meanwhile',
      );
      lost();
    }
  };
  let connecting = connect();

  return {
    next: (key, waitMs, signal) =>
      new Promise((resolve) => {
        const set = waiters.get(key) ?? new Set();
        waiters.set(key, set);
        const settle = (announced: boolean) => {
          clearTimeout(timer);
          set.delete(wake);
          if (set.size === 0) waiters.delete(key);
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
