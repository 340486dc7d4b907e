import { setTimeout as delay } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';

/** Deadlock and serialization failure: the transaction did nothing and may simply run again. */
const RUN_AGAIN: ReadonlySet<string> = new Set(['40P01', '40001']);
const RUNS_MAX = 8;
/** Those who met must not meet again at once: the longest wait before the second run; it doubles with each. */
const RUN_AGAIN_MS = 5;

/**
 * Runs `work` in one transaction and commits it. `work` may run again after a deadlock, so it must touch
 * nothing but the database.
 */
export async function inTransaction<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  for (let run = 1; ; run++) {
    try {
      return await runOnce(pool, work);
    } catch (error) {
      if (run === RUNS_MAX || !RUN_AGAIN.has(codeOf(error))) throw error;
      await delay(Math.random() * RUN_AGAIN_MS * 2 ** (run - 1));
    }
  }
}

async function runOnce<T>(pool: Pool, work: (tx: PoolClient) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    // Statements are written to see what was committed when they waited for a lock, whatever the database's default.
    await tx.query('begin isolation level read committed');
    const result = await work(tx);
    await tx.query('commit');
    return result;
  } catch (error) {
    // A connection that did not answer would not answer a rollback either: closing it is one.
    if (isDatabaseUnreachable(error)) broken = error as Error;
    else
      await tx.query('rollback').catch((rollbackError: Error) => {
        broken = rollbackError;
      });
    throw error;
  } finally {
    tx.release(broken);
  }
}

/** SQLSTATE of a database error, or its socket code; empty for anything else. */
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

const UNREACHABLE = /^(08|53|57P0|ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH)/;

/** Whether the database could not be reached or refused service, as opposed to refusing this statement. */
export function isDatabaseUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (UNREACHABLE.test(codeOf(error))) return true;
  if (error instanceof AggregateError) return error.errors.some(isDatabaseUnreachable);
  return /timeout exceeded when trying to connect|Connection terminated|Query read timeout|server closed the connection|is not queryable/i.test(
    error.message,
  );
}

/** Whether `error` is the violation of the named unique constraint or index. */
export function violates(error: unknown, constraint: string): boolean {
  return codeOf(error) === '23505' && (error as { constraint?: string }).constraint === constraint;
}
