import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Pool } from '../../src/db/pool.ts';
import { isDatabaseUnavailable } from '../../src/db/sqlstates.ts';
import { inTransaction, violates } from '../../src/db/transaction.ts';
import { errorOf, insertPayment, openDatabaseFixture, raise, readRow } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
let pool: Pool;
beforeAll(async () => {
  fixture = await openDatabaseFixture();
  pool = fixture.pool;
});
afterAll(() => fixture.close());

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
    expect(isDatabaseUnavailable(first)).toBe(true);
    await longAfter;
  });

  test('whose connection is ended in between fails as unreachable, and the pool goes on', async () => {
    const work = inTransaction(pool, async (tx) => {
      const { rows } = await tx.query('select pg_backend_pid() as pid');
      await pool.query('select pg_terminate_backend($1::integer)', [rows[0].pid]);
      await tx.query('select 1');
    });
    expect(isDatabaseUnavailable(await errorOf(work))).toBe(true);
    expect((await pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });
});

describe('a connection', () => {
  const pidAfter = async (one: Pool, code: string) => {
    const { rows: before } = await one.query('select pg_backend_pid() as pid');
    const work = inTransaction(one, (tx) => tx.query(raise(code)));
    expect(await errorOf(work)).toMatchObject({ code });
    const { rows: after } = await one.query('select pg_backend_pid() as pid');
    return { before: before[0].pid, after: after[0].pid };
  };

  test.each(['25006', '08006', '57P01'])('on which a transaction met %s leaves the pool', async (code) => {
    const one = fixture.poolOf(1);
    const { before, after } = await pidAfter(one, code);
    await one.end();
    expect(after).not.toBe(before);
  });

  test.each(['40001', '55P03', '57014', '23505'])('on which a transaction met %s stays', async (code) => {
    const one = fixture.poolOf(1);
    const { before, after } = await pidAfter(one, code);
    await one.end();
    expect(after).toBe(before);
  });
});

test('an error of a violated unique constraint is recognised by the constraint’s name', async () => {
  const key = await insertPayment(pool, { status: 'CREATED' });
  const twice = await errorOf(insertPayment(pool, { status: 'CREATED', conomyId: `conomy-${key}` }));
  expect(violates(twice, 'payments_conomy_id_key')).toBe(true);
  expect(violates(twice, 'payments_pkey')).toBe(false);
});
