// Deposits that belong to no account yet, and accounts by their internal id.
import { afterEach, expect, it } from 'vitest';
import type { ConomyClient } from '../../../src/provider/conomy/client.ts';
import { fixture } from './fixtures.ts';
import { clientFor, httpAnswer, startTcpServer, type TcpServer } from './tcp-server.ts';

let server: TcpServer;
let client: ConomyClient;

async function startAnswering(body: unknown, status = 200) {
  server = await startTcpServer((socket) => socket.write(httpAnswer(status, body)));
  client = clientFor(server.url);
}

const asked = () => {
  const [request] = server.requests;
  const url = new URL(request?.path ?? '', server.url);
  return [`${request?.method} ${url.pathname}`, Object.fromEntries(url.searchParams)];
};

afterEach(async () => {
  await client.close();
  await server.close();
});

it('unassigned deposits are listed for the tenant', async () => {
  await startAnswering(fixture('list-unassigned-payments.response'));
  const filter = { expiresWithin: '24h', amountMin: '10.00' } as const;
  expect(await client.listUnassigned(filter, { limit: 50, offset: 0 })).toMatchObject({
    ok: true,
    value: {
      deposits: [{ id: '69e25246baa9fd9b463d6baf', amount: '7500.00', currency: 'ARS' }],
      unreadableRows: 0,
      nextOffset: 1,
      total: 12,
    },
  });
  expect(asked()).toEqual([
    'GET /payments/unassigned',
    { clientId: 'client-1', expiresWithin: '24h', amountMin: '10.00', limit: '50', offset: '0' },
  ]);
});

it('unassigned funds are read for the tenant', async () => {
  await startAnswering(fixture('get-unassigned-balance.response'));
  expect(await client.readUnassignedFunds()).toMatchObject({
    ok: true,
    value: { totalAmount: '15000.00', currency: 'ARS', count: 3 },
  });
  expect(asked()).toEqual(['GET /accounts/unassigned', { clientId: 'client-1' }]);
});

it('a deposit is assigned to an account, and only the answer about it is taken', async () => {
  await startAnswering(fixture('assign-payment-underpaid.response'));
  const to = { accountId: '69b30d599e252a224cfe6bd7', expectedAmount: '10000.00' };
  expect(await client.assignPayment('69e25246baa9fd9b463d6baf', to)).toMatchObject({
    ok: true,
    value: { id: '69e25246baa9fd9b463d6baf', status: 'SETTLED' },
  });
  expect(asked()).toEqual(['POST /payments/69e25246baa9fd9b463d6baf/assign', {}]);
  expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual(to);
  expect(await client.assignPayment('other', to)).toMatchObject({
    ok: false,
    failure: { stage: 'no_clear_answer', reason: 'not_this_payment' },
  });
});

it.each([
  [{ paymentId: 'p1', attached: true, customer: { id: 'c1' } }, { customer: { id: 'c1' } }],
  [{ paymentId: 'p1', attached: false, customer: null }, { customer: null }],
])('the customer of a deposit is read from %j', async (body, value) => {
  await startAnswering(body);
  expect(await client.readCustomerOf('p1')).toEqual({ ok: true, value });
  expect(asked()).toEqual(['GET /payments/p1/customer', {}]);
});

it('a customer of another payment is not taken', async () => {
  await startAnswering({ paymentId: 'p2', attached: true, customer: { id: 'c1' } });
  expect(await client.readCustomerOf('p1')).toMatchObject({
    ok: false,
    failure: { reason: 'not_a_customer' },
  });
});

it('an account is read by its internal id; a 404 is null', async () => {
  await startAnswering(fixture('create-account.response'));
  expect(await client.readAccountById('679d2e934bc4149871723cef')).toMatchObject({
    ok: true,
    value: { accountNumber: '173835432305679d26c44a21df7584b38e11', availableFunds: '0', currency: 'CLP' },
  });
  expect(asked()).toEqual(['GET /accounts/679d2e934bc4149871723cef', {}]);
});

it('an account that does not exist is null', async () => {
  await startAnswering({}, 404);
  expect(await client.readAccountById('none')).toEqual({ ok: true, value: null });
});
