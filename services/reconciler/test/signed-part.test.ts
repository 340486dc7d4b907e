/** Scenario: somebody saw a signed webhook and adds members of his own. Goal: only what Conomy signed is applied. */
import { randomUUID } from 'node:crypto';
import { findDelivery } from '@capstan/shared/db/deliveries';
import { findPayment } from '@capstan/shared/db/payments';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyDelivery } from '../src/apply-delivery.ts';
import { openReconcilerFixture, type ReconcilerFixture, receive, sign } from './reconciler-fixture.ts';

let fixture: ReconcilerFixture;
beforeAll(async () => {
  fixture = await openReconcilerFixture();
});
afterAll(() => fixture.close());

test.each([
  ['has no transaction', { event: 'purchase.assigned', data: { note: 'hello' } }],
  ['has another form', { event: 'Transaction.Received', data: {} }],
])('an unsigned transaction beside a signed message that %s moves no mirror', async (_what, signed) => {
  const { key, conomyId } = await fixture.capturedPayment();
  const transaction = { id: conomyId, status: 'RECEIVED' };
  const forged = { ...signed, transaction, signature: sign(JSON.stringify(signed)) };
  const { id, timesReceived } = await receive(fixture.pool, JSON.stringify(forged));
  await applyDelivery(fixture.context, id, timesReceived);

  expect(await findPayment(fixture.pool, key)).toMatchObject({ status: 'CAPTURED', cause: 'answer' });
  expect(await findDelivery(fixture.pool, id)).toMatchObject({ result: 'ignored', paymentKey: null });
});

test('a row of older code, which may hold more than was signed, is applied by what was read from the signed part', async () => {
  const [forged, signed] = [await fixture.capturedPayment(), await fixture.capturedPayment()];
  const body = (id: string) =>
    JSON.stringify({ event: 'x', data: {}, transaction: { id, status: 'RECEIVED' }, signature: '' });
  const insert = async (text: string, conomyId: string | null, status: string | null) => {
    const id = randomUUID();
    await fixture.pool.query(
      `insert into webhook_deliveries (id, body_sha256, body, form, event, conomy_id, status)
       values ($1, sha256($2), $2, 'body', 'x', $3, $4)`,
      [id, Buffer.from(text), conomyId, status],
    );
    return id;
  };
  for (const id of [
    await insert(body(forged.conomyId), null, null),
    await insert(body('another'), signed.conomyId, 'RECEIVED'),
  ])
    await applyDelivery(fixture.context, id, 1);

  expect(await findPayment(fixture.pool, forged.key)).toMatchObject({ status: 'CAPTURED' });
  expect(await findPayment(fixture.pool, signed.key)).toMatchObject({
    status: 'RECEIVED',
    cause: 'delivery',
  });
});
