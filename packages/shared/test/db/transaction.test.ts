import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool, type Pool } from '../../src/db/pool.ts';
import { inTransaction, isDatabaseUnreachable, violates } from '../../src/db/transaction.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { insertPayment, openDatabaseFixture, readRow } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
});
afterAll(() => fixture.close());

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => null,
    (error: unknown) => error,
  );
}

const raise = (code: string) =>
  `do $$ begin raise exception 'made by the test' using errcode = '${code}'; end $$`;

test('statements see what was committed when they waited, whatever isolation the database has by default', async () => {
  await pool.query(
    `do $$ begin execute format('alter database %I set default_transaction_isolation to serializable', current_database()); end $$`,
  );
  const fresh = fixture.poolLater('0 seconds');
  const { rows } = await inTransaction(fresh, (tx) => tx.query('show transaction_isolation'));
  await fresh.end();
  expect(rows).toEqual([{ transaction_isolation: 'read committed' }]);
});

describe('a transaction', () => {
  test('that throws leaves no trace and throws the same', async () => {
    const key = await insertPayment(pool);
    const mine = new Error('changed my mind');
    const work = inTransaction(pool, async (tx) => {
      await tx.query('update payments set reads = 7 where key = $1', [key]);
      throw mine;
    });
    expect(await errorOf(work)).toBe(mine);
    expect(await readRow(pool, 'payments', 'key', key)).toMatchObject({ reads: 0 });
  });

  test.each(['40P01', '40001'])('that PostgreSQL ends with %s runs again', async (code) => {
    let runs = 0;
    const result = await inTransaction(pool, async (tx) => {
      runs += 1;
      if (runs < 3) await tx.query(raise(code));
      return runs;
    });
    expect(result).toBe(3);
  });

  test('does not run again for ever', async () => {
    let runs = 0;
    const work = inTransaction(pool, async (tx) => {
      runs += 1;
      await tx.query(raise('40P01'));
    });
    expect(await errorOf(work)).toMatchObject({ code: '40P01' });
    expect(runs).toBe(8);
  });

  test('is settled by itself when two deadlock', async () => {
    const keys = [await insertPayment(pool), await insertPayment(pool)];
    const bothHoldOne = Promise.withResolvers<void>();
    let holding = 0;
    const lockInOrder = (first: string | undefined, second: string | undefined) =>
      inTransaction(pool, async (tx) => {
        await tx.query('update payments set reads = reads + 1 where key = $1', [first]);
        holding += 1;
        if (holding === 2) bothHoldOne.resolve();
        await bothHoldOne.promise;
        await tx.query('update payments set reads = reads + 1 where key = $1', [second]);
      });
    await Promise.all([lockInOrder(keys[0], keys[1]), lockInOrder(keys[1], keys[0])]);
    for (const key of keys) expect(await readRow(pool, 'payments', 'key', key)).toMatchObject({ reads: 2 });
  });

  test('whose connection does not answer any more fails without waiting for a rollback', async () => {
    const stuck = inTransaction(pool, async (tx) => {
      await tx.query({ text: 'select pg_sleep(5)', query_timeout: 100 } as never);
    });
    const longAfter = pool.query('select pg_sleep(2)').then(() => 'the rollback was waited for');
    const first = await Promise.race([errorOf(stuck), longAfter]);
    expect(isDatabaseUnreachable(first)).toBe(true);
    await longAfter;
  });

  test('whose connection is ended in between fails as unreachable, and the pool goes on', async () => {
    const work = inTransaction(pool, async (tx) => {
      const { rows } = await tx.query('select pg_backend_pid() as pid');
      await pool.query('select pg_terminate_backend($1::integer)', [rows[0].pid]);
      await tx.query('select 1');
    });
    expect(isDatabaseUnreachable(await errorOf(work))).toBe(true);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('an error', () => {
  test('of a violated unique constraint is recognised by the constraint’s name', async () => {
    const key = await insertPayment(pool, { status: 'CREATED' });
    const twice = await errorOf(insertPayment(pool, { status: 'CREATED', conomyId: `conomy-${key}` }));
    expect(violates(twice, 'payments_conomy_id_key')).toBe(true);
    expect(violates(twice, 'payments_pkey')).toBe(false);
    expect(isDatabaseUnreachable(twice)).toBe(false);
  });

  test('of a server that is not there is unreachable', async () => {
    const away = openPool({
      url: 'postgres://nobody@127.0.0.1:1/none',
      name: 'away',
      max: 1,
      log: createLogger('test', 'fatal'),
    });
    expect(isDatabaseUnreachable(await errorOf(away.query('select 1')))).toBe(true);
    await away.end();
  });

  test.each(['53300', '57P01', '57P03', '08006'])('with code %s is unreachable', async (code) => {
    expect(isDatabaseUnreachable(await errorOf(pool.query(raise(code))))).toBe(true);
  });

  test.each([new Error('something else'), 'a text', null])('such as %o is not', (error) => {
    expect(isDatabaseUnreachable(error)).toBe(false);
  });
});
