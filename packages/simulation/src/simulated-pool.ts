import type { Pool, PoolClient } from '@capstan/shared/db/pool';
import { AFTER_STATEMENT, afterCommit, BEFORE_STATEMENT, beforeCommit, type Written } from './points.ts';
import type { Task } from './task.ts';

/**
 * The real pool as one virtual process uses it: the process may die around every commit, and its transaction with it.
 * Statements that it sends side by side run one after the other, so that a seed takes the same course again.
 */
export function poolOf(task: Task, pool: Pool): Pool {
  const run = async (text: string, values?: unknown[]) => {
    await task.assertAlive();
    const writes = /^\s*(update|insert|delete|with)/i.test(text);
    if (writes) await task.passOrDie(BEFORE_STATEMENT);
    const result = await pool.query(text, values);
    if (writes) await task.passOrDie(AFTER_STATEMENT);
    await task.assertAlive();
    return result;
  };
  let last: Promise<unknown> = Promise.resolve();
  const query = (text: string, values?: unknown[]) => {
    const result = last.then(() => run(text, values));
    last = result.catch(() => {});
    return result;
  };
  const connect = async () => {
    await task.assertAlive();
    return clientOf(task, await pool.connect());
  };
  return { query, connect } as unknown as Pool;
}

function clientOf(task: Task, client: PoolClient): PoolClient {
  let written: Written = 'a read or a wait';
  let released = false;
  const release = (error?: Error) => {
    if (!released) client.release(error);
    released = true;
  };
  const query = async (text: string, values?: unknown[]) => {
    if (text !== 'commit') {
      written = whatIsWritten(text) ?? written;
      return client.query(text, values);
    }
    await task.passOrDie(beforeCommit(written), async () => {
      await client.query('rollback');
      release();
    });
    const result = await client.query('commit');
    // The connection goes back before the process stops: a stopped process holds no lock here.
    release();
    await task.stopAt(afterCommit(written));
    return result;
  };
  return { query, release } as unknown as PoolClient;
}

function whatIsWritten(statement: string): Written | null {
  if (/insert into commands/.test(statement)) return 'an acceptance';
  if (/update commands set status = 'canceled'|insert into command_redrives/.test(statement))
    return 'an intervention';
  if (/insert into attempts/.test(statement)) return 'a claim and the attempt row of its call';
  if (/update attempts set outcome = \$3/.test(statement)) return 'the outcome of a call';
  if (/insert into attempt_reads/.test(statement)) return 'the evidence of a read';
  if (/update webhook_deliveries set\s+applied_at/.test(statement)) return 'a delivery';
  return null;
}
