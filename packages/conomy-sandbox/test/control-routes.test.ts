import { expect, test } from 'vitest';
import { COP_PAYER, DEFAULT_ACCOUNTS } from '../src/default-accounts.ts';
import { accountNode, p2pBody } from './payment-bodies.ts';
import { openSandbox, send } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

test('the ledger names each payment, its effects and calls, and every account', async () => {
  const { sandbox, capture, get } = await openSandbox();
  const id = await capture(p2pBody());
  await get(`/sandbox/payments/${id}`);
  const { body } = await send(sandbox.url, 'GET', '/_sandbox/ledger', {});
  expect(body.payments).toEqual([
    {
      id,
      externalId: 'p2p-1001',
      accountNumber: COP_PAYER.accountNumber,
      type: 'P2P',
      status: 'CAPTURED',
      totalAmount: '15000.00',
      currency: 'COP',
      purchaseAmount: '15000.00',
      purchaseCurrency: 'COP',
      effects: { create: 1, authorize: 0, capture: 1, refund: 0 },
      calls: { create: 1, authorize: 0, capture: 1, refund: 0, read: 1, simulate: 0 },
      history: ['CREATED', 'CAPTURED'].map((status) => ({ at: expect.any(String), status })),
      asked: [],
    },
  ]);
  expect(body.byExternalId).toEqual({ 'p2p-1001': 1 });
  expect(body.accounts).toHaveLength(DEFAULT_ACCOUNTS.length);
});

test('accounts can be added while it runs and used at once', async () => {
  const { post } = await openSandbox();
  const added = {
    accountNumber: '42',
    identityId: 'me',
    currency: 'COP',
    availableFunds: '15000.00',
  } as const;
  expect((await post('/_sandbox/config', { accounts: [added] })).status).toBe(200);
  const body = p2pBody({ identityId: 'me', accountNumber: '42', origins: [accountNode(added, '15000.00')] });
  expect((await post('/sandbox/payments', body)).body.status).toBe('CREATED');
});

test('config changes what it names, keeps the rest and does not tell the secret', async () => {
  const { post } = await openSandbox({ webhook: { url: 'http://127.0.0.1:1/', secret: 'hidden' } });
  const { body } = await post('/_sandbox/config', { timers: { receivedToSettledMs: 5 } });
  expect(body).toMatchObject({
    timers: { capturedToReceivedMs: null, receivedToSettledMs: 5 },
    webhook: { url: 'http://127.0.0.1:1/', form: 'body', signed: true },
  });
});

test('reset brings back the start: no payment, no fault, no pending webhook, all funds', async () => {
  const retried = Promise.withResolvers<void>();
  const receiver = await openReceiver((response) => response.writeHead(500).end());
  const { capture, post, get, ledger, faults } = await openSandbox({
    webhook: { url: receiver.url },
    webhookRetryDelayMs: () => {
      retried.resolve();
      return 50;
    },
  });
  const id = await capture(p2pBody());
  await receiver.next();
  await retried.promise;
  await faults([{ operation: 'read', fault: '500' }]);
  await post('/_sandbox/reset');
  expect(await ledger()).toMatchObject({ payments: [], byExternalId: {}, accounts: DEFAULT_ACCOUNTS });
  expect((await get('/_sandbox/faults')).body.rules).toEqual([]);
  expect((await get(`/sandbox/payments/${id}`)).status).toBe(404);
  const later = await capture(p2pBody());
  expect((await receiver.next()).id).toBe(later);
  expect((await receiver.next()).id).toBe(later);
});

test.each([
  ['config', { timer: {} }, 'timer'],
  ['config', { timers: { capturedMs: 1 } }, 'capturedMs'],
  ['config', { timers: { receivedToSettledMs: -1 } }, 'timers.receivedToSettledMs'],
  ['config', { webhook: { url: 'nowhere' } }, 'webhook.url'],
  ['config', { webhook: { form: 'pigeon' } }, 'pigeon'],
  ['config', { accounts: [{ accountNumber: '1', identityId: '1', currency: 'COP' }] }, 'availableFunds'],
  [
    'config',
    { accounts: [{ accountNumber: '1', identityId: '1', currency: 'XXX', availableFunds: '1' }] },
    'XXX',
  ],
  ['config', { accounts: [{ ...DEFAULT_ACCOUNTS[0], availableFunds: '1.001' }] }, 'availableFunds'],
  ['faults', { rules: [{ operation: 'create', fault: 'earthquake' }] }, 'earthquake'],
  ['faults', { rules: [{ operation: 'destroy', fault: '500' }] }, 'destroy'],
  ['faults', { rules: [{ operation: 'create', fault: '500', chance: 1 }] }, 'chance'],
  ['faults', { rules: [{ operation: 'create', fault: '500', probability: 2 }] }, 'probability'],
  ['faults', { rules: [{ operation: 'create', fault: 'webhook-drop' }] }, 'webhook-drop'],
  ['faults', { rules: [{ operation: 'webhook', fault: '500' }] }, '500'],
  ['faults', undefined, 'expected object'],
  ['payments/x/transition', { status: 'PAID' }, 'PAID'],
])('%s %j is refused with 400 naming what is wrong', async (route, body, name) => {
  const { sandbox } = await openSandbox();
  const answer = await send(sandbox.url, 'POST', `/_sandbox/${route}`, {}, body);
  expect(answer).toMatchObject({ status: 400, body: { detail: expect.stringContaining(name) } });
});

test('a move of an unknown payment is 404', async () => {
  const { transition } = await openSandbox();
  expect((await transition('none', 'CAPTURED')).status).toBe(404);
});
