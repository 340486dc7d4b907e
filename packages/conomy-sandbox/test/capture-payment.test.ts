import { expect, test } from 'vitest';
import { COP_COLLECTOR, COP_PAYER, SECOND_COP_PAYER } from '../src/default-accounts.ts';
import { accountNode, collectBody, p2pBody, purchaseBody } from './payment-bodies.ts';
import { openSandbox, type SandboxClient, send } from './sandbox-client.ts';

async function funds({ get }: SandboxClient, accountNumber: string): Promise<string> {
  return (await get(`/sandbox/accounts?accountNumber=${accountNumber}`)).body.availableFunds;
}

test('capture takes a COLLECT from every origin and settlement posts the sum', async () => {
  const client = await openSandbox();
  const id = await client.capture(collectBody());
  expect(await funds(client, COP_PAYER.accountNumber)).toBe('9999985000.00');
  expect(await funds(client, SECOND_COP_PAYER.accountNumber)).toBe('9999985000.00');
  expect(await funds(client, COP_COLLECTOR.accountNumber)).toBe('10000000000.00');
  await client.transition(id, 'RECEIVED');
  expect(await funds(client, COP_COLLECTOR.accountNumber)).toBe('10000000000.00');
  await client.transition(id, 'SETTLED');
  expect(await funds(client, COP_COLLECTOR.accountNumber)).toBe('10000030000.00');
});

test('a COLLECT one origin of which lacks funds takes nothing from any of them', async () => {
  const client = await openSandbox();
  await client.post('/_sandbox/config', { accounts: [{ ...SECOND_COP_PAYER, availableFunds: '14999.99' }] });
  const { body } = await client.post('/sandbox/payments', collectBody());
  const captured = await client.post(`/sandbox/payments/${body.id}/captured`);
  expect(captured).toMatchObject({ status: 422, body: { code: '21' } });
  expect(captured.body.detail).toContain(SECOND_COP_PAYER.accountNumber);
  expect(await funds(client, COP_PAYER.accountNumber)).toBe('10000000000.00');
  expect(await funds(client, SECOND_COP_PAYER.accountNumber)).toBe('14999.99');
  const [entry] = (await client.ledger()).payments;
  expect(entry).toMatchObject({ status: 'CREATED', effects: { capture: 0 }, calls: { capture: 1 } });
});

test('an account that is origin twice must cover both amounts', async () => {
  const client = await openSandbox();
  await client.post('/_sandbox/config', { accounts: [{ ...COP_PAYER, availableFunds: '29999.99' }] });
  const origins = [accountNode(COP_PAYER, '15000.00'), accountNode(COP_PAYER, '15000.00')];
  const { body } = await client.post('/sandbox/payments', collectBody({ origins }));
  expect((await client.post(`/sandbox/payments/${body.id}/captured`)).body.code).toBe('21');
  expect(await funds(client, COP_PAYER.accountNumber)).toBe('29999.99');
});

test('a COLLECT whose collector is an origin nets to the amount of the others', async () => {
  const client = await openSandbox();
  const origins = [accountNode(COP_PAYER, '15000.00'), accountNode(COP_COLLECTOR, '15000.00')];
  const id = await client.capture(collectBody({ origins }));
  expect(await funds(client, COP_COLLECTOR.accountNumber)).toBe('9999985000.00');
  await client.transition(id, 'SETTLED');
  expect(await funds(client, COP_COLLECTOR.accountNumber)).toBe('10000015000.00');
});

test('a PURCHASE takes nothing from any account at capture', async () => {
  const client = await openSandbox();
  const before = (await client.ledger()).accounts;
  await client.capture(purchaseBody());
  expect((await client.ledger()).accounts).toEqual(before);
});

test('capture answers the payment with its instant, from CREATED and from AUTHORIZED', async () => {
  const { post } = await openSandbox();
  const direct = await post('/sandbox/payments', p2pBody());
  expect((await post(`/sandbox/payments/${direct.body.id}/captured`)).body).toMatchObject({
    id: direct.body.id,
    status: 'CAPTURED',
    externalId: 'p2p-1001',
    capturedAt: expect.stringMatching(/Z$/),
  });
  const gated = await post('/sandbox/payments', p2pBody());
  expect((await post(`/sandbox/payments/${gated.body.id}/authorized`)).body).toMatchObject({
    status: 'AUTHORIZED',
    authorizedAt: expect.any(String),
  });
  expect((await post(`/sandbox/payments/${gated.body.id}/captured`)).body.status).toBe('CAPTURED');
});

test('capture works with an empty body', async () => {
  const { post, sandbox, headers } = await openSandbox();
  const { body } = await post('/sandbox/payments', p2pBody());
  const answer = await send(sandbox.url, 'POST', `/sandbox/payments/${body.id}/captured`, headers);
  expect(answer.body.status).toBe('CAPTURED');
});

test('a repeated capture is refused, takes nothing and counts as a call, not as an effect', async () => {
  const client = await openSandbox();
  const id = await client.capture(p2pBody());
  const again = await client.post(`/sandbox/payments/${id}/captured`);
  expect(again).toMatchObject({ status: 422, body: { code: '21', type: 'failedPrecondition' } });
  expect(await funds(client, COP_PAYER.accountNumber)).toBe('9999985000.00');
  const [entry] = (await client.ledger()).payments;
  expect(entry.effects).toEqual({ create: 1, authorize: 0, capture: 1, refund: 0 });
  expect(entry.calls).toEqual({ create: 1, authorize: 0, capture: 2, refund: 0, read: 0, simulate: 0 });
});

test('authorizing a captured payment is refused', async () => {
  const client = await openSandbox();
  const id = await client.capture(p2pBody());
  expect((await client.post(`/sandbox/payments/${id}/authorized`)).body.code).toBe('21');
});

test.each(['captured', 'authorized'])('%s of an unknown payment is 404', async (verb) => {
  const { post } = await openSandbox();
  expect(await post(`/sandbox/payments/000000000000000000000000/${verb}`)).toMatchObject({
    status: 404,
    body: { code: '31' },
  });
});
