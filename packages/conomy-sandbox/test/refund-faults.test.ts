/** Refunds made by others, of other amounts, or of no payment that anybody knows. */
import { expect, test } from 'vitest';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

async function settled(options: Parameters<typeof openSandbox>[0] = {}) {
  const sandbox = await openSandbox(options);
  const id = await sandbox.capture(p2pBody());
  await sandbox.transition(id, 'SETTLED');
  const refunds = async () => (await sandbox.get(`/sandbox/payments/${id}/refunds`)).body.refunds;
  return { ...sandbox, id, refunds };
}

test('refunded-elsewhere-before: a read shows what others gave back a moment ago', async () => {
  const { refunds, faults, ledger } = await settled();
  await faults([{ operation: 'payment-refunds', fault: 'refunded-elsewhere-before', count: 1 }]);
  expect(await refunds()).toHaveLength(1);
  expect((await ledger()).payments.at(-1)).toMatchObject({ type: 'REFUND', madeBy: 'others' });
});

test('refunded-elsewhere-after: a read does not show yet what others give back next', async () => {
  const { refunds, faults } = await settled();
  await faults([{ operation: 'payment-refunds', fault: 'refunded-elsewhere-after', count: 1 }]);
  expect(await refunds()).toEqual([]);
  expect(await refunds()).toHaveLength(1);
});

test.each(['before', 'after'])(
  'refunded-elsewhere-%s: beside a refund others give back as much',
  async (when) => {
    const { post, id, refunds, faults, ledger } = await settled();
    await faults([{ operation: 'refund', fault: `refunded-elsewhere-${when}`, count: 1 }]);
    const { body } = await post(`/sandbox/payments/${id}/refund`, { amount: '10.00' });
    expect((await refunds()).map((row: { totalAmount: string }) => row.totalAmount)).toEqual([
      '10.00',
      '10.00',
    ]);
    const children = (await ledger()).payments.slice(1);
    expect(children.filter((child: { madeBy?: string }) => child.madeBy === undefined)).toMatchObject([
      { id: body.refundId },
    ]);
  },
);

test('nothing is given back elsewhere of a payment that is not settled, and that does not count', async () => {
  const { get, post, faults, ledger } = await openSandbox();
  const { body } = await post('/sandbox/payments', p2pBody());
  await faults([{ operation: 'read', fault: 'refunded-elsewhere-before' }]);
  await get(`/sandbox/payments/${body.id}`);
  expect((await ledger()).payments).toHaveLength(1);
  expect((await get('/_sandbox/faults')).body.fired).toEqual({ 'refunded-elsewhere-before': 0 });
});

test('refunds-other-amount: half is given back, and the answer says so', async () => {
  const { post, id, refunds, faults } = await settled();
  await faults([{ operation: 'refund', fault: 'refunds-other-amount' }]);
  const { body } = await post(`/sandbox/payments/${id}/refund`, { amount: '10.00' });
  expect(body.totalAmount).toBe('5.00');
  expect(await refunds()).toMatchObject([{ id: body.refundId, totalAmount: '5.00' }]);
});

test('refund-without-parent: a refund is listed and announced that names no payment', async () => {
  const receiver = await openReceiver();
  const { get, faults, ledger } = await openSandbox({ webhook: { url: receiver.url, form: 'header' } });
  await faults([{ operation: 'list', fault: 'refund-without-parent', count: 1 }]);
  const [row] = (await get('/sandbox/payments')).body.results;
  expect(row).toMatchObject({ type: 'REFUND', status: 'RECEIVED' });
  expect(row.parentPaymentId).toBeUndefined();
  expect(await receiver.next()).toMatchObject({ event: 'payment.refund.created', id: row.id });
  expect((await ledger()).payments).toMatchObject([
    { id: row.id, madeBy: 'others', effects: { capture: 0 } },
  ]);
});

test('refund-before-its-parent: the refund of a payment of others is listed before the payment is', async () => {
  const { get, faults, ledger } = await openSandbox();
  await faults([{ operation: 'list', fault: 'refund-before-its-parent', count: 1, delayMs: 300 }]);
  const listed = async () => (await get('/sandbox/payments')).body.results;
  const [child, ...more] = await listed();
  expect(more).toEqual([]);
  expect((await get(`/sandbox/payments/${child.parentPaymentId}`)).body.status).toBe('SETTLED');
  await expect.poll(listed).toHaveLength(2);
  const made = (await ledger()).payments.map(({ madeBy }: { madeBy?: string }) => madeBy);
  expect(made).toEqual(['others', 'others']);
});
