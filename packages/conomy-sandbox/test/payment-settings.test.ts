// Payers, fees, exchange, limits and expiry: what a tenant's set-up changes about payments.
import { expect, test } from 'vitest';
import { CLP_MERCHANT, COP_COLLECTOR, COP_PAYER } from '../src/default-accounts.ts';
import { accountNode, p2pBody, purchaseBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';

test('with manual payers a captured payment waits until its payer is played', async () => {
  const timers = { capturedToReceivedMs: 0, receivedToSettledMs: null };
  const { capture, post, get } = await openSandbox({ payer: 'manual', timers });
  const internal = await capture(p2pBody());
  const id = await capture(purchaseBody());
  const read = async (of: string) => (await get(`/sandbox/payments/${of}`)).body.status;
  await expect.poll(() => read(internal)).toBe('RECEIVED');
  expect(await read(id)).toBe('CAPTURED');
  expect((await post(`/_sandbox/payments/${id}/pay`)).body.status).toBe('RECEIVED');
});

test('a payer who pays before the capture is remembered', async () => {
  const timers = { capturedToReceivedMs: 0, receivedToSettledMs: 0 };
  const { post, get } = await openSandbox({ payer: 'manual', timers });
  const { id } = (await post('/sandbox/payments', purchaseBody())).body;
  expect((await post(`/_sandbox/payments/${id}/pay`)).body.status).toBe('CREATED');
  await post(`/sandbox/payments/${id}/captured`);
  await expect.poll(async () => (await get(`/sandbox/payments/${id}`)).body.status).toBe('SETTLED');
  expect((await post(`/_sandbox/payments/${id}/pay`)).body.code).toBe('21');
});

test('a payer who fails ends the payment, and a payment without payer has none to play', async () => {
  const { capture, post } = await openSandbox({ payer: 'manual' });
  const id = await capture(purchaseBody());
  expect((await post(`/_sandbox/payments/${id}/pay`, { outcome: 'failed' })).body.status).toBe('FAILED');
  const internal = await capture(p2pBody());
  expect((await post(`/_sandbox/payments/${internal}/pay`)).body.code).toBe('21');
});

test('a percentage makes the total less than the purchase, as in the documented sample', async () => {
  const fees = [{ name: 'Conomy', type: 'PERCENTAGE', value: '0.5' }] as const;
  const client = await openSandbox({ fees });
  const destinations = [accountNode(COP_COLLECTOR, '1900.00')];
  const change = { purchaseAmount: '1900.00', origins: [accountNode(COP_PAYER, '1900.00')], destinations };
  const id = await client.capture(p2pBody(change));
  const { body } = await client.get(`/sandbox/payments/${id}`);
  expect(body).toMatchObject({
    purchaseAmount: '1900.00',
    totalAmount: '1890.50',
    fees: [{ name: 'Conomy', type: 'PERCENTAGE', value: '0.5', amount: '9.50', currency: 'COP' }],
    destinations: [{ amount: '1890.50' }],
  });
  await client.transition(id, 'SETTLED');
  const { accounts } = await client.ledger();
  expect(accounts).toContainEqual({ ...COP_PAYER, availableFunds: '9999998100.00' });
  expect(accounts).toContainEqual({ ...COP_COLLECTOR, availableFunds: '10000001890.50' });
  expect((await client.post(`/sandbox/payments/${id}/refund`)).body.totalAmount).toBe('1890.50');
});

test('a fee of one payment type leaves the others alone, and a total other than either amount is refused', async () => {
  const fees = [{ name: 'Card', type: 'FIXED', value: '100', paymentType: 'PURCHASE' }] as const;
  const { post } = await openSandbox({ fees });
  const create = async (body: object) => (await post('/sandbox/payments', body)).body;
  expect((await create(purchaseBody())).totalAmount).toBe('49890');
  expect((await create(purchaseBody({ totalAmount: '49990' }))).totalAmount).toBe('49890');
  expect((await create(p2pBody())).totalAmount).toBe('15000.00');
  expect((await create(purchaseBody({ totalAmount: '49000' }))).code).toBe('11');
});

test('a remittance is exchanged at a fixed rate, and a quoted total is kept', async () => {
  const usd = { accountNumber: '840', identityId: 'me', currency: 'USD', availableFunds: '1000.00' } as const;
  const client = await openSandbox({ accounts: [usd] });
  const bank = { accountNumber: '1', bank: 'B', typeAccount: 'SAVINGS', country: 'CO', currency: 'COP' };
  const customer = { firstName: 'J', lastName: 'D', email: 'j@d.example', documentNumber: '1' };
  const remittance = (change: object = {}) => ({
    externalId: 'remittance-1',
    identityId: 'me',
    accountNumber: '840',
    product: 'USD:COP',
    type: 'REMITTANCE',
    purchaseAmount: '250.00',
    purchaseCurrency: 'USD',
    currency: 'COP',
    origins: [accountNode(usd, '250.00')],
    destinations: [
      {
        type: 'BANK_ACCOUNT',
        currency: 'COP',
        bank: { ...bank, accountHolder: 'J D', accountHolderDni: '1' },
        customer,
      },
    ],
    ...change,
  });
  const id = await client.capture(remittance());
  expect((await client.get(`/sandbox/payments/${id}`)).body.totalAmount).toBe('1025000.00');
  expect((await client.ledger()).accounts).toEqual([{ ...usd, availableFunds: '750.00' }]);
  const quoted = await client.post('/sandbox/payments', remittance({ totalAmount: '1020000.00' }));
  expect(quoted.body.totalAmount).toBe('1020000.00');
  await client.transition(id, 'SETTLED');
  const refund = await client.post(`/sandbox/payments/${id}/refund`, { amount: '410000.00' });
  await client.transition(refund.body.refundId, 'SETTLED');
  expect((await client.ledger()).accounts).toEqual([{ ...usd, availableFunds: '850.00' }]);
});

test('an amount outside the limits of its rail is refused with the limit', async () => {
  const { post } = await openSandbox({ limits: { ETPAY: { minAmount: '50000', maxAmount: '60000' } } });
  const create = async (amount: string) => {
    const destinations = [accountNode(CLP_MERCHANT, amount)];
    return (await post('/sandbox/payments', purchaseBody({ purchaseAmount: amount, destinations }))).body;
  };
  expect(await create('49999')).toMatchObject({ code: '21', detail: expect.stringContaining('50000 CLP') });
  expect(await create('60001')).toMatchObject({ code: '21', detail: expect.stringContaining('60000 CLP') });
  expect((await create('50000')).status).toBe('CREATED');
});

test('an uncaptured payment expires when its time has come, and a captured one does not', async () => {
  let nowMs = Date.UTC(2026, 4, 18);
  const { post, capture, get } = await openSandbox({ now: () => nowMs });
  const expiresAt = new Date(nowMs + 40).toISOString();
  const captured = await capture(p2pBody({ expiresAt }));
  const { id } = (await post('/sandbox/payments', p2pBody({ expiresAt }))).body;
  const attempt = (await post('/sandbox/payment-attempts', p2pBody({ expiresAt }))).body;
  nowMs += 40;
  await expect.poll(async () => (await get(`/sandbox/payments/${id}`)).body.status).toBe('EXPIRED');
  const read = async () => (await get(`/sandbox/payment-attempts/${attempt.id}`)).body.status;
  await expect.poll(read).toBe('EXPIRED');
  expect((await get(`/sandbox/payments/${captured}`)).body.status).toBe('CAPTURED');
  expect((await post(`/sandbox/payments/${id}/captured`)).body.code).toBe('21');
  const past = await post('/sandbox/payments', p2pBody({ expiresAt }));
  expect(past.body).toMatchObject({ code: '11', detail: expect.stringContaining('expiresAt') });
});

test('lists and writes are answered in the other documented shapes when asked', async () => {
  const { post, get } = await openSandbox();
  await post('/_sandbox/config', {
    shapes: { payments: 'offset', writes: 'partial', accounts: 'array', errors: 'older' },
  });
  const created = await post('/sandbox/payments', p2pBody());
  expect(created.body).toEqual({ id: expect.any(String), type: 'P2P', status: 'CREATED' });
  expect((await get('/sandbox/payments')).body.pagination).toEqual({ limit: 50, offset: 0, total: 1 });
  const path = `/sandbox/accounts?accountNumber=${COP_PAYER.accountNumber}`;
  expect((await get(path)).body).toMatchObject([COP_PAYER]);
  const older = { statusCode: 404, error: 'Not Found', message: expect.any(String) };
  expect(await get('/sandbox/payments/none')).toMatchObject({ status: 404, body: older });
  await post('/_sandbox/config', { shapes: { accounts: 'page', errors: 'third' } });
  expect((await get(path)).body.pagination.results).toMatchObject([COP_PAYER]);
  expect((await get('/sandbox/payments/none')).body.error).toMatchObject({ type: 'notFound' });
});
