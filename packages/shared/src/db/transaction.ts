import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { backoffMs } from '../retry/backoff.ts';
import { codeOf, isDatabaseUnavailable, losesConnection, UnconfirmedCommitError } from './sqlstates.ts';

/** Deadlock and serialization failure: the transaction did nothing and may simply run again. */
const RUN_AGAIN: ReadonlySet<string> = new Set(['40P01', '40001']);
const RUNS_MAX = 8;
/** Those who met must not meet again at once: the longest wait before the second run; it doubles with each. */
const RUN_AGAIN_MS = 5;
/** Statements are written to see what was committed when they waited for a lock, whatever the database's default. */
const BEGIN = 'begin isolation level read committed';
const AWAY_BACKOFF = { firstMs: 50, maxMs: 1_000 };

/**
 * Runs `work` in one transaction and commits it. `work` may run again after a deadlock, so it must touch
 * nothing but the database.
 */
export function inTransaction<T>(pool: Pool, work: Work<T>): Promise<T> {
  return runInTurn(pool, work, null);
}

type Work<T> = (tx: PoolClient) => Promise<T>;

/** Until when it is worth while to try, on a monotonic clock. */
export interface Patience {
  untilMs: number;
  monotonicMs: () => number;
}

/**
 * The same, but while the database cannot serve it is tried again: what `work` writes is known to nobody else and must
 * not be lost with one connection. A commit whose own answer was lost is asked after, so that none is made twice.
 * @throws what was wrong at last, when there is no time for another try.
 */
export async function inPatientTransaction<T>(pool: Pool, work: Work<T>, patience: Patience): Promise<T> {
  for (let tries = 1; ; tries++) {
    const note: CommitNote<T> = { xid: '', made: null };
    try {
      return await runInTurn(pool, work, note);
    } catch (error) {
      // What is committed here must neither run again nor be told as made.
      if (!isDatabaseUnavailable(error) || error instanceof UnconfirmedCommitError) throw error;
      if (note.made !== null && (await isCommitted(pool, note.xid, patience))) return note.made.result;
      await waitOrThrow(error, tries, patience);
    }
  }
}

/** What is remembered of a transaction until its commit is answered. */
interface CommitNote<T> {
  xid: string;
  /** What the work came to, once its commit was sent. */
  made: { result: T } | null;
}

async function isCommitted(pool: Pool, xid: string, patience: Patience): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    let lastError: unknown = new Error(`transaction ${xid} does not end`);
    try {
      const { rows } = await pool.query('select pg_xact_status($1::xid8) as status', [xid]);
      // The server may not have noticed yet that the connection is gone.
      if (rows[0]?.status !== 'in progress') return rows[0]?.status === 'committed';
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      lastError = error;
    }
    await waitOrThrow(lastError, tries, patience);
  }
}

async function waitOrThrow(error: unknown, tries: number, { untilMs, monotonicMs }: Patience): Promise<void> {
  const waitMs = backoffMs(tries, Math.random(), AWAY_BACKOFF);
  if (monotonicMs() + waitMs >= untilMs) throw error;
  await delay(waitMs);
}

/** Those who gave way to each other run again. */
async function runInTurn<T>(pool: Pool, work: Work<T>, note: CommitNote<T> | null): Promise<T> {
  for (let run = 1; ; run++) {
    try {
      return await runOnce(pool, work, note);
    } catch (error) {
      if (run === RUNS_MAX || !RUN_AGAIN.has(codeOf(error))) throw error;
      await delay(Math.random() * RUN_AGAIN_MS * 2 ** (run - 1));
    }
  }
}

async function runOnce<T>(pool: Pool, work: Work<T>, note: CommitNote<T> | null): Promise<T> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    if (note === null) await tx.query(BEGIN);
    else {
      note.made = null;
      note.xid = await beginKnown(tx);
    }
    const result = await work(tx);
    if (note !== null) note.made = { result };
    await tx.query('commit');
    return result;
  } catch (error) {
    // A connection that did not answer would not answer a rollback either: closing it is one.
    if (losesConnection(error)) broken = error as Error;
    else
      await tx.query('rollback').catch((rollbackError: Error) => {
        broken = rollbackError;
      });
    throw error;
  } finally {
    tx.release(broken);
  }
}

/** One round trip: both statements go in one message. */
async function beginKnown(tx: PoolClient): Promise<string> {
  const answers = await tx.query(`${BEGIN}; select pg_current_xact_id()::text as xid`);
  const [, { rows }] = answers as unknown as [QueryResult, QueryResult<{ xid: string }>];
  return rows[0]?.xid ?? '';
}

/** Whether `error` is the violation of the named unique constraint or index. */
export function violates(error: unknown, constraint: string): boolean {
  return codeOf(error) === '23505' && (error as { constraint?: string }).constraint === constraint;
}
