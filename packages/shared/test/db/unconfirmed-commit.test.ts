import { afterAll, beforeAll, expect, test } from 'vitest';
// By path, as in the fixtures: packages may not depend on each other in a circle.
import { type PostgresServer, startPostgres } from '../../../local-stack/src/embedded-postgres.ts';
import { until } from '../../../testing/src/until.ts';
import { openPool, type Pool } from '../../src/db/pool.ts';
import { UnconfirmedCommitError } from '../../src/db/sqlstates.ts';
import { inPatientTransaction, inTransaction } from '../../src/db/transaction.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { errorOf } from '../database-fixture.ts';

// A server that waits with each commit for a standby that does not exist.

let server: PostgresServer;
let pool: Pool;
let cancels: Pool;
beforeAll(async () => {
  server = await startPostgres({
    durability: 'fast',
    settings: { synchronous_standby_names: 'nobody', lc_messages: 'C' },
  });
  const log = createLogger('test', 'fatal');
  pool = openPool({ url: server.url, name: 'test', max: 2, log });
  cancels = openPool({ url: server.url, name: 'cancels', max: 1, log });
  await cancels.query('set synchronous_commit to local');
  await cancels.query('create table written (id integer)');
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await cancels?.end();
  await server?.stop();
});

/** What is said of a commit of `work` when its wait for the standby is ended. */
async function errorOfEnded(work: Promise<unknown>): Promise<unknown> {
  // It may end before the loop has seen that it did.
  const error = errorOf(work);
  await until(
    async () => {
      const { rows } = await cancels.query(
        `select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'`,
      );
      return rows.length > 0;
    },
    { deadlineMs: 10_000, what: 'a commit that waits' },
  );
  return error;
}

const patience = { untilMs: Number.POSITIVE_INFINITY, monotonicMs: () => performance.now() };
const insert = (id: number) => `insert into written values (${id})`;

test.each([
  ['of a transaction', 1, () => inTransaction(pool, (tx) => tx.query(insert(1)))],
  ['of a patient transaction', 2, () => inPatientTransaction(pool, (tx) => tx.query(insert(2)), patience)],
  ['of a statement by itself', 3, () => pool.query(insert(3))],
  ['of a statement with parameters', 4, () => pool.query('insert into written values ($1)', [4])],
])('a commit %s that no standby confirmed is an error, and is not made twice', async (_what, id, work) => {
  expect(await errorOfEnded(work())).toBeInstanceOf(UnconfirmedCommitError);
  expect((await cancels.query('select id from written where id = $1', [id])).rows).toEqual([{ id }]);
  // What comes after it on the same connections is none of its business.
  expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('a warning of a statement, such as one that a function raises, is no error', async () => {
  const warn = `do $$ begin raise warning 'made by the test'; end $$`;
  expect(await errorOf(pool.query(warn))).toBe(null);
});
