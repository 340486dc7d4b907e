/** Answers that are of another payment or say of this one what is not so, and payments made otherwise than asked. */
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox, send } from './sandbox-client.ts';

const WRITTEN = ['id', 'externalId', 'accountNumber', 'type', 'totalAmount', 'currency'] as const;

/** What of a told payment is not as the read without a fault tells it. */
function contradictions(told: Record<string, unknown>, real: Record<string, unknown>): string[] {
  return WRITTEN.filter((name) => told[name] !== real[name]);
}

test.each([
  ['tells-other-payment', ['id', 'externalId']],
  ['tells-other-id', ['id']],
  ['tells-other-external-id', ['externalId']],
  ['tells-other-account', ['accountNumber']],
  ['tells-other-type', ['type']],
  ['tells-other-amount', ['totalAmount']],
  ['tells-other-currency', ['currency']],
])('%s: answers differ in %j and the payment is as asked', async (fault, differing) => {
  const { get, post, faults, ledger } = await openSandbox();
  await faults([{ operation: 'create', fault, count: 1 }]);
  const created = (await post('/sandbox/payments', p2pBody())).body;
  const [mine] = (await ledger()).payments;
  const path = `/sandbox/payments/${mine.id}`;
  const real = (await get(path)).body;
  expect(contradictions(created, real)).toEqual(differing);
  expect(mine).toMatchObject({ externalId: 'p2p-1001', type: 'P2P', totalAmount: '15000.00' });
  for (const operation of ['read', 'authorize', 'capture']) {
    await faults([{ operation, fault }]);
    const told = operation === 'read' ? await get(path) : await post(`${path}/${operation}d`);
    expect(contradictions(told.body, real)).toEqual(differing);
  }
});

test('a payment that an answer names instead of ours was made by others and can be captured', async () => {
  const { post, faults, ledger } = await openSandbox();
  await faults([{ operation: 'create', fault: 'tells-other-id', count: 1 }]);
  const { id } = (await post('/sandbox/payments', p2pBody())).body;
  expect((await post(`/sandbox/payments/${id}/captured`)).status).toBe(200);
  expect((await ledger()).payments).toMatchObject([
    { externalId: 'p2p-1001', effects: { capture: 0 } },
    { id, madeBy: 'others', effects: { capture: 1 } },
  ]);
});

test('tells-other-amount: rows of lists and refund children are told doubled, what was made is not', async () => {
  const { get, post, capture, transition, faults, ledger } = await openSandbox();
  const id = await capture(p2pBody());
  await transition(id, 'SETTLED');
  await faults([{ operation: '*', fault: 'tells-other-amount' }]);
  const { body } = await post(`/sandbox/payments/${id}/refund`, { amount: '0.75' });
  expect(body.totalAmount).toBe('1.50');
  expect((await get(`/sandbox/payments/${id}/refunds`)).body.refunds).toMatchObject([
    { totalAmount: '1.50' },
  ]);
  expect((await get('/sandbox/payments')).body.results.at(-1).totalAmount).toBe('30000.00');
  expect((await ledger()).payments.at(-1)).toMatchObject({ type: 'REFUND', totalAmount: '0.75' });
});

test.each([
  ['makes-other-amount', { totalAmount: '30000.00' }],
  ['makes-other-currency', { currency: 'USD', purchaseCurrency: 'USD' }],
  ['makes-other-type', { type: 'REMITTANCE' }],
  ['makes-other-account', { accountNumber: expect.not.stringMatching(`^${p2pBody().accountNumber}$`) }],
])('%s: what is made is not what was asked for, and the answer says so', async (fault, made) => {
  const { get, post, faults, ledger } = await openSandbox();
  await faults([{ operation: 'create', fault }]);
  const { body } = await post('/sandbox/payments', p2pBody());
  expect(body).toMatchObject(made);
  expect((await get(`/sandbox/payments/${body.id}`)).body).toMatchObject(made);
  expect((await ledger()).payments).toMatchObject([{ ...made, externalId: 'p2p-1001' }]);
});

test.each([
  ['external-id-trimmed', ' order-4711 ', 'order-4711'],
  ['external-id-cut', 'order-4711-a', 'order-4711'],
  ['external-id-cut', 'order-471', 'order-47'],
  ['external-id-normalised', 'cafe\u0301-order', 'caf\u00e9-order'],
])('%s: %j is kept as %j', async (fault, externalId, kept) => {
  const { get, post, faults } = await openSandbox();
  await faults([{ operation: 'create', fault }]);
  const { body } = await post('/sandbox/payments', p2pBody({ externalId }));
  expect(body.externalId).toBe(kept);
  expect((await get('/sandbox/payments')).body.results).toMatchObject([{ id: body.id, externalId: kept }]);
});

test('external-id-trimmed does not count where there is nothing to trim', async () => {
  const { get, post, faults } = await openSandbox();
  await faults([{ operation: 'create', fault: 'external-id-trimmed' }]);
  await post('/sandbox/payments', p2pBody());
  expect((await get('/_sandbox/faults')).body.fired).toEqual({ 'external-id-trimmed': 0 });
});

const LONG = 4_000;

test.each([
  ['long-id', 'id', (text: string) => text.length > LONG],
  ['long-status', 'status', (text: string) => text.length === LONG],
  ['nul-in-id', 'id', (text: string) => text.endsWith('\u0000')],
  ['nul-in-status', 'status', (text: string) => text.endsWith('\u0000')],
  ['half-surrogate-in-id', 'id', (text: string) => text.endsWith('\ud83d')],
  ['half-surrogate-in-status', 'status', (text: string) => text.endsWith('\ud83d')],
  ['impossible-date', 'createdAt', (text: string) => Number.isNaN(Date.parse(text))],
] as const)('%s: the %s of answers and rows is hostile', async (fault, member, isHostile) => {
  const { get, post, faults } = await openSandbox();
  await faults([{ operation: '*', fault }]);
  expect(isHostile((await post('/sandbox/payments', p2pBody())).body[member])).toBe(true);
  expect(isHostile((await get('/sandbox/payments')).body.results[0][member])).toBe(true);
});

test('gzip and byte-order-mark: the same answer in bytes that nobody asked for', async () => {
  const { sandbox, headers, post, faults } = await openSandbox();
  const { body } = await post('/sandbox/payments', p2pBody());
  const raw = async () => {
    const path = `${sandbox.url}/sandbox/payments/${body.id}`;
    const answer = await fetch(path, { headers: { ...headers, 'accept-encoding': 'identity' } });
    return {
      encoding: answer.headers.get('content-encoding'),
      bytes: Buffer.from(await answer.arrayBuffer()),
    };
  };
  const plain = await raw();
  await faults([{ operation: 'read', fault: 'byte-order-mark' }]);
  expect((await raw()).bytes).toEqual(Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain.bytes]));
  await faults([{ operation: 'read', fault: 'gzip' }]);
  const zipped = await raw();
  expect(zipped.encoding).toBe('gzip');
  expect(gzipSync(plain.bytes).length).toBeLessThan(plain.bytes.length);
  expect(JSON.parse(zipped.bytes.toString())).toEqual(JSON.parse(plain.bytes.toString()));
});

test.each([
  ['commit-then-404', 404, '31'],
  ['commit-then-409', 409, '13'],
  ['commit-then-412', 412, '21'],
  ['commit-then-422', 422, '21'],
])('%s: the answer denies what was done, and so do reads for a while', async (fault, status, code) => {
  const { get, post, faults, ledger } = await openSandbox();
  const { body } = await post('/sandbox/payments', p2pBody());
  await faults([{ operation: 'capture', fault, delayMs: 300 }]);
  const path = `/sandbox/payments/${body.id}`;
  expect(await post(`${path}/captured`)).toMatchObject({ status, body: { status, code } });
  expect((await ledger()).payments[0].effects.capture).toBe(1);
  expect((await get(path)).body.status).toBe('CREATED');
  await expect.poll(async () => (await get(path)).body.status).toBe('CAPTURED');
});

test('412: refused without an effect, by a status that no document knows', async () => {
  const { post, faults, ledger } = await openSandbox();
  await faults([{ operation: 'create', fault: '412' }]);
  expect((await post('/sandbox/payments', p2pBody())).status).toBe(412);
  expect((await ledger()).payments).toEqual([]);
});

test('a denied write that would have been refused anyway is refused as ever', async () => {
  const { sandbox, headers, faults } = await openSandbox();
  await faults([{ operation: 'create', fault: 'commit-then-404' }]);
  const refused = await send(sandbox.url, 'POST', '/sandbox/payments', headers, { externalId: 'x' });
  expect(refused.status).toBe(400);
});
