/** What the end of a command does to those behind it, also to one that is accepted at that very moment. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { until } from '../../../testing/src/until.ts';
import { findCommand, takeDueCommands } from '../../src/db/commands.ts';
import { markDeliveryApplied, storeDeliveries, takeDueDeliveries } from '../../src/db/deliveries.ts';
import { releaseWaitingForId, settleFollowers } from '../../src/db/followers.ts';
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

  expect(await ending).toMatchObject([{ id: second }]);
  expect(await findCommand(pool, second)).toMatchObject({ status: 'accepted' });
});

test('the Conomy id of a payment is what early deliveries and the first document waited for', async () => {
  const { pool } = fixture;
  const paymentKey = await insertPayment(pool);
  const create = await insertCommand(pool, { paymentKey });
  const capture = await insertCommand(pool, { paymentKey, status: 'blocked' });
  const document = { type: 'kyc', url: 'https://files.example/kyc.pdf' } as const;
  const first = await insertCommand(pool, { paymentKey, document, status: 'blocked' });
  const second = await insertCommand(pool, { paymentKey, document, status: 'blocked' });
  const delivery = {
    id: randomUUID(),
    covered: Buffer.from('{}'),
    signature: randomBytes(32),
    form: 'body',
    event: 'Transaction.Captured',
    conomyId: 'conomy-early',
    externalId: null,
    status: 'CAPTURED',
  } as const;
  const [early] = await storeDeliveries(pool, [delivery], 5_000);
  if (!early) throw new Error('nothing was stored');
  await markDeliveryApplied(pool, { ...early, paymentKey: null, result: 'unmatched', againMs: null });

  await inTransaction(pool, (tx) => releaseWaitingForId(tx, { key: paymentKey, conomyId: 'conomy-early' }));

  expect((await takeDueDeliveries(pool, 100, 60_000)).map(({ id }) => id)).toEqual([early.id]);
  const due = (await takeDueCommands(pool, 100, 60_000)).map(({ id }) => id);
  expect(due).toContain(first);
  const statuses = await Promise.all([create, capture, first, second].map((id) => findCommand(pool, id)));
  expect(statuses.map((command) => command?.status)).toEqual(['accepted', 'blocked', 'accepted', 'blocked']);
});

async function waitingForLocks(): Promise<number> {
  const { rows } = await fixture.pool.query<{ waiting: number }>(
    `select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0]?.waiting ?? 0;
}
