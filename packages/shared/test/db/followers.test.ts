/** What the end of a command does to those behind it, also to one that is accepted at that very moment. */
import { afterAll, beforeAll, expect, test } from 'vitest';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { until } from '../../../testing/src/until.ts';
import { findCommand } from '../../src/db/commands.ts';
import { settleFollowers } from '../../src/db/followers.ts';
import { holdCommand, markCanceled } from '../../src/db/interventions.ts';
import { lockPayment } from '../../src/db/payments.ts';
import { inTransaction } from '../../src/db/transaction.ts';
import { insertCommand, insertPayment, openDatabaseFixture } from '../database-fixture.ts';

let fixture: Awaited<ReturnType<typeof openDatabaseFixture>>;
beforeAll(async () => {
  fixture = await openDatabaseFixture();
});
afterAll(() => fixture.close());

test('a command accepted while the one before it ends is not left waiting for ever', async () => {
  const { pool } = fixture;
  const paymentKey = await insertPayment(pool, { status: 'CREATED' });
  const first = await insertCommand(pool, { paymentKey });
  const acceptance = await pool.connect();
  await acceptance.query('begin');
  await lockPayment(acceptance, paymentKey);
  const second = await insertCommand(acceptance, { paymentKey, status: 'blocked' });

  const ending = inTransaction(pool, async (tx) => {
    const held = await holdCommand(tx, first);
    if (held === null) throw new Error('the command is gone');
    await markCanceled(tx, held, { code: 'canceled_by_caller', detail: 'x' });
    return settleFollowers(tx, { ...held, status: 'canceled' }, 5_000);
  });
  await until(waitingForLocks, { deadlineMs: 5_000, what: 'the end waits for the acceptance' });
  await acceptance.query('commit');
  acceptance.release();

  expect(await ending).toMatchObject({ id: second });
  expect(await findCommand(pool, second)).toMatchObject({ status: 'accepted' });
});

async function waitingForLocks(): Promise<number> {
  const { rows } = await fixture.pool.query<{ waiting: number }>(
    `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiting ?? 0;
}
