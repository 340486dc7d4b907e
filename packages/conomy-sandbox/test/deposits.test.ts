import { expect, test } from 'vitest';
import { openSandbox } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

const ACCOUNT = { accountNumber: '32', identityId: 'me', currency: 'ARS', availableFunds: '0.00' } as const;

async function open() {
  const client = await openSandbox({ accounts: [ACCOUNT] });
  const deposit = async (amount: string, providerReference?: string) =>
    (await client.post('/_sandbox/deposits', { amount, providerReference })).body.id as string;
  const accountId = (await client.get('/sandbox/accounts?accountNumber=32')).body.id as string;
  const assign = (id: string, expectedAmount?: string) =>
    client.post(`/sandbox/payments/${id}/assign`, { accountId, expectedAmount });
  return { ...client, deposit, accountId, assign };
}

test('a deposit waits in CREATED until it is assigned, and then settles to the account', async () => {
  const { deposit, assign, accountId, get, ledger } = await open();
  const id = await deposit('7500.00');
  expect((await get(`/sandbox/payments/${id}`)).body).toMatchObject({
    type: 'LOCAL_DEPOSIT',
    status: 'CREATED',
  });
  expect(await assign(id)).toMatchObject({
    status: 200,
    body: { paymentId: id, accountId, status: 'SETTLED', reconciliationStatus: 'PAID' },
  });
  expect((await ledger()).accounts).toEqual([{ ...ACCOUNT, availableFunds: '7500.00' }]);
  expect((await get('/sandbox/payments?accountNumber=32')).body.results).toMatchObject([{ id }]);
  expect((await assign(id)).body).toMatchObject({ status: 422, code: '21' });
});

test.each([
  ['10000.00', 'UNDERPAID', '2500.00'],
  ['7000.00', 'OVERPAID', '500.00'],
])(
  'a deposit assigned where %s was expected is %s and has a companion',
  async (expected, status, difference) => {
    const { deposit, assign, get } = await open();
    const id = await deposit('7500.00');
    const { body } = await assign(id, expected);
    expect(body).toMatchObject({ status: 'SETTLED', reconciliationStatus: status });
    expect((await get(`/sandbox/payments/${body.childPaymentId}`)).body).toMatchObject({
      relatedPaymentId: id,
      totalAmount: difference,
    });
  },
);

test('unassigned deposits are listed and summed, and filtered', async () => {
  const { deposit, assign, get } = await open();
  await assign(await deposit('1.00'));
  const small = await deposit('100.00', 'bm_small');
  const large = await deposit('200.50', 'bm_large');
  const list = async (query: string) => (await get(`/sandbox/payments/unassigned?clientId=c&${query}`)).body;
  expect(await list('')).toMatchObject({
    total: 2,
    totalAmount: '300.50',
    currency: 'ARS',
    payments: [{ paymentId: small, providerReference: 'bm_small', amount: '100.00' }, { paymentId: large }],
  });
  expect((await list('amountMin=150')).payments).toMatchObject([{ paymentId: large }]);
  expect((await list('search=small')).payments).toMatchObject([{ paymentId: small }]);
  expect((await list('expiresWithin=24h')).total).toBe(0);
  expect((await list('expiresWithin=48h')).total).toBe(2);
  expect((await get('/sandbox/accounts/unassigned?clientId=c')).body).toMatchObject({
    totalAmount: '300.50',
    count: 2,
    urgent: [],
  });
  expect((await get('/sandbox/payments/unassigned')).body).toMatchObject({ code: '12' });
});

test('in the header form a deposit is announced as waiting', async () => {
  const receiver = await openReceiver();
  const client = await openSandbox({ webhook: { url: receiver.url, form: 'header' } });
  await client.post('/_sandbox/deposits', { amount: '10.00' });
  expect((await receiver.next()).event).toBe('purchase.pendingAssignment');
});

test('an unknown account, an unknown deposit and a payment that is none are refused', async () => {
  const { deposit, post, assign, get } = await open();
  const id = await deposit('1.00');
  expect((await post(`/sandbox/payments/${id}/assign`, { accountId: 'none' })).body.code).toBe('31');
  expect((await assign('none')).body.code).toBe('31');
  expect((await get(`/sandbox/payments/${id}/customer`)).body).toEqual({
    paymentId: id,
    attached: false,
    customer: null,
  });
});
