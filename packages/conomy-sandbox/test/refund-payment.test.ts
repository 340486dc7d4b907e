import { expect, test } from 'vitest';
import { COP_COLLECTOR, COP_PAYER, SECOND_COP_PAYER } from '../src/default-accounts.ts';
import { collectBody, p2pBody, purchaseBody } from './payment-bodies.ts';
import { openSandbox, type SandboxClient } from './sandbox-client.ts';

async function settle(client: SandboxClient, body: object = p2pBody()): Promise<string> {
  const id = await client.capture(body);
  await client.transition(id, 'SETTLED');
  return id;
}

async function fundsOf({ ledger }: SandboxClient): Promise<Record<string, string>> {
  const { accounts } = await ledger();
  return Object.fromEntries(
    accounts.map((account: { accountNumber: string; availableFunds: string }) => [
      account.accountNumber,
      account.availableFunds,
    ]),
  );
}

test('a refund is a child payment with the documented receipt, and the parent stays SETTLED', async () => {
  const client = await openSandbox();
  const id = await settle(client);
  const refunded = await client.post(`/sandbox/payments/${id}/refund`, {
    amount: '150.00',
    reason: 'broken',
  });
  expect(refunded.status).toBe(201);
  expect(refunded.body).toEqual({
    refundId: expect.stringMatching(/^[0-9a-f]{24}$/),
    parentPaymentId: id,
    status: 'RECEIVED',
    totalAmount: '150.00',
    currency: 'COP',
    createdAt: expect.stringMatching(/Z$/),
  });
  expect((await client.get(`/sandbox/payments/${refunded.body.refundId}`)).body).toMatchObject({
    type: 'REFUND',
    parentPaymentId: id,
    description: 'broken',
  });
  expect((await client.get(`/sandbox/payments/${id}`)).body.status).toBe('SETTLED');
});

test('a refund takes from the destination at once and gives to the origin when it settles', async () => {
  const client = await openSandbox();
  const id = await settle(client);
  const { body } = await client.post(`/sandbox/payments/${id}/refund`, { amount: '5000.00' });
  expect(await fundsOf(client)).toMatchObject({
    [COP_COLLECTOR.accountNumber]: '10000010000.00',
    [COP_PAYER.accountNumber]: '9999985000.00',
  });
  await client.transition(body.refundId, 'SETTLED');
  expect(await fundsOf(client)).toMatchObject({ [COP_PAYER.accountNumber]: '9999990000.00' });
});

test('a refund of a COLLECT goes back to its origins in proportion', async () => {
  const client = await openSandbox();
  const id = await settle(client, collectBody());
  const { body } = await client.post(`/sandbox/payments/${id}/refund`, { amount: '0.03' });
  await client.transition(body.refundId, 'SETTLED');
  expect(await fundsOf(client)).toMatchObject({
    [COP_PAYER.accountNumber]: '9999985000.01',
    [SECOND_COP_PAYER.accountNumber]: '9999985000.02',
  });
});

test.each(['FAILED', 'UNSETTLED'])(
  'a refund that ends %s gives the money back and may be asked for again',
  async (end) => {
    const client = await openSandbox();
    const id = await settle(client);
    const before = await fundsOf(client);
    const first = await client.post(`/sandbox/payments/${id}/refund`);
    expect(first.body.totalAmount).toBe('15000.00');
    await client.transition(first.body.refundId, end);
    expect(await fundsOf(client)).toEqual(before);
    expect((await client.post(`/sandbox/payments/${id}/refund`)).status).toBe(201);
  },
);

test('a refund settles by the timer of received payments', async () => {
  const client = await openSandbox();
  const id = await settle(client);
  await client.post('/_sandbox/config', { timers: { receivedToSettledMs: 1 } });
  const { body } = await client.post(`/sandbox/payments/${id}/refund`);
  const read = async () => (await client.get(`/sandbox/payments/${body.refundId}`)).body.status;
  await expect.poll(read).toBe('SETTLED');
});

test('partial refunds add up to the total and not beyond', async () => {
  const client = await openSandbox();
  const id = await settle(client);
  const refund = (amount?: string) => client.post(`/sandbox/payments/${id}/refund`, { amount });
  expect((await refund('10000.00')).status).toBe(201);
  const tooMuch = await refund('5000.01');
  expect(tooMuch).toMatchObject({ status: 422, body: { code: '21' } });
  expect(tooMuch.body.detail).toContain('5000.00 COP');
  expect((await refund('5000.00')).status).toBe(201);
  expect((await refund()).body).toMatchObject({ status: 422, code: '21' });
  const { payments } = await client.ledger();
  expect(payments.map(({ type }: { type: string }) => type)).toEqual(['P2P', 'REFUND', 'REFUND']);
  expect(payments[0]).toMatchObject({ effects: { refund: 2 }, calls: { refund: 4 } });
  expect(payments[1]).toMatchObject({ parentPaymentId: id, effects: { capture: 0 } });
});

test('a refund is refused before the payment is settled, of a refund, of nothing and of a bad amount', async () => {
  const client = await openSandbox();
  const id = await client.capture(p2pBody());
  const path = `/sandbox/payments/${id}/refund`;
  expect(await client.post(path)).toMatchObject({ status: 422, body: { code: '21' } });
  await client.transition(id, 'SETTLED');
  expect((await client.post(path, { amount: '1.001' })).body).toMatchObject({ status: 400, code: '11' });
  expect((await client.post(path, { amount: 1 })).body).toMatchObject({ status: 400, code: '11' });
  const { refundId } = (await client.post(path)).body;
  await client.transition(refundId, 'SETTLED');
  expect((await client.post(`/sandbox/payments/${refundId}/refund`)).body.code).toBe('21');
  expect((await client.post('/sandbox/payments/none/refund')).body.code).toBe('31');
});

test('a refund the destination cannot cover is refused and leaves nothing behind', async () => {
  const client = await openSandbox();
  const id = await settle(client);
  await client.post('/_sandbox/config', { accounts: [{ ...COP_COLLECTOR, availableFunds: '10.00' }] });
  const refused = await client.post(`/sandbox/payments/${id}/refund`, { amount: '10.01' });
  expect(refused).toMatchObject({ status: 422, body: { code: '21' } });
  const { payments } = await client.ledger();
  expect(payments).toHaveLength(1);
  expect(payments[0].effects.refund).toBe(0);
});

test('a refund of a PURCHASE leaves the accounts: the payer is outside', async () => {
  const client = await openSandbox();
  const id = await settle(client, purchaseBody());
  const { body } = await client.post(`/sandbox/payments/${id}/refund`, { amount: '990' });
  await client.transition(body.refundId, 'SETTLED');
  const { accounts } = await client.ledger();
  const total = accounts
    .filter(({ currency }: { currency: string }) => currency === 'CLP')
    .map(({ availableFunds }: { availableFunds: string }) => availableFunds);
  expect(total).toEqual(['1000049000']);
});

test.each(['refunds', 'refund'])('%s of a parent come with their sums by bucket', async (spelling) => {
  const client = await openSandbox();
  const id = await settle(client);
  const refund = async (amount: string) =>
    (await client.post(`/sandbox/payments/${id}/refund`, { amount })).body.refundId;
  await client.transition(await refund('1000.00'), 'SETTLED');
  await client.transition(await refund('20.00'), 'FAILED');
  const open = await refund('300.00');
  const { body } = await client.get(`/sandbox/payments/${id}/${spelling}`);
  expect(body.summary).toEqual({
    parentPaymentId: id,
    parentAmount: '15000.00',
    currency: 'COP',
    totalRefunded: '1000.00',
    totalInProgress: '300.00',
    totalFailed: '20.00',
    maxRefundable: '13700.00',
    completedCount: 1,
    inProgressCount: 1,
    failedCount: 1,
  });
  expect(body.parentId).toBe(id);
  expect(body.refunds).toHaveLength(3);
  expect(body.refunds[2]).toMatchObject({ id: open, status: 'RECEIVED', parentPaymentId: id });
});

test('refunds are listed by parent, in each of the three documented shapes', async () => {
  const client = await openSandbox();
  const [id, other] = [await settle(client), await settle(client)];
  await client.post(`/sandbox/payments/${other}/refund`, { amount: '1.00' });
  const { refundId } = (await client.post(`/sandbox/payments/${id}/refund`, { amount: '2.00' })).body;
  const list = async (shape: string) => {
    await client.post('/_sandbox/config', { shapes: { refunds: shape } });
    return (await client.get(`/sandbox/refunds?parentPaymentId=${id}`)).body;
  };
  const rows = [{ id: refundId, parentPaymentId: id, totalAmount: '2.00' }];
  expect(await list('cursor')).toMatchObject({
    pagination: { count: 1, next: 0, previous: 0, total: 1 },
    results: rows,
  });
  expect(await list('offset')).toMatchObject({
    pagination: { limit: 50, offset: 0, total: 1 },
    results: rows,
  });
  expect(await list('total')).toMatchObject({ total: 1, refunds: rows });
  expect((await client.get('/sandbox/refunds')).body.total).toBe(2);
});

test('a refund whose answer is lost has happened once', async () => {
  const client = await openSandbox();
  const id = await settle(client);
  await client.faults([{ operation: 'refund', fault: 'commit-then-timeout', count: 1, delayMs: 1 }]);
  expect((await client.post(`/sandbox/payments/${id}/refund`)).status).toBe(201);
  expect((await client.get('/_sandbox/faults')).body.fired).toEqual({ 'commit-then-timeout': 1 });
  expect((await client.ledger()).payments[0].effects.refund).toBe(1);
});

test('a payment with a refund cannot be REFUNDED as a whole', async () => {
  const client = await openSandbox();
  const id = await settle(client);
  const { refundId } = (await client.post(`/sandbox/payments/${id}/refund`, { amount: '1.00' })).body;
  expect((await client.transition(id, 'REFUNDED')).body).toMatchObject({ status: 422, code: '21' });
  await client.transition(refundId, 'FAILED');
  expect((await client.transition(id, 'REFUNDED')).body.status).toBe('REFUNDED');
});
