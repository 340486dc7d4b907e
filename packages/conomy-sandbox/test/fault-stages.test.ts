/** Each fault of a call, seen by the client that the services use: how far the call got, and what became of it. */
import { type ConomyClient, createConomyClient } from '@capstan/shared/provider/conomy/client';
import { expect, onTestFinished, test } from 'vitest';
import { p2pBody } from './payment-bodies.ts';
import { CREDENTIALS, openSandbox, type SandboxClient } from './sandbox-client.ts';

/** Far longer than an answer takes; only where the deadline itself is met a client has a short one. */
const PATIENT_MS = 10_000;
const HURRIED_MS = 400;

async function open(callTimeoutMs = PATIENT_MS): Promise<SandboxClient & { client: ConomyClient }> {
  const sandbox = await openSandbox();
  const client = createConomyClient({
    ...CREDENTIALS,
    baseUrl: `${sandbox.sandbox.url}/sandbox`,
    apiVersion: '24-04-2025',
    userAgent: 'Capstan-test/1',
    callTimeoutMs,
  });
  onTestFinished(() => client.close());
  return { ...sandbox, client };
}

const create = (client: ConomyClient) => client.createPayment(JSON.stringify(p2pBody()));

test.each([
  ['refuse', 0, { stage: 'no_clear_answer' }],
  ['reset-before', 0, { stage: 'no_clear_answer', reason: 'reset' }],
  ['reset-after', 1, { stage: 'no_clear_answer', reason: 'reset' }],
  ['commit-then-timeout', 1, { stage: 'no_clear_answer', reason: 'timeout' }],
  ['slow', 1, { stage: 'no_clear_answer', reason: 'timeout' }],
  ['slow-bytes', 1, { stage: 'no_clear_answer', reason: 'timeout', httpStatus: 200 }],
  ['cut-json', 1, { stage: 'no_clear_answer', httpStatus: 200 }],
  ['empty-body', 1, { stage: 'no_clear_answer', reason: 'not_json', httpStatus: 200 }],
  ['html', 1, { stage: 'no_clear_answer', reason: 'not_json', httpStatus: 200 }],
  ['commit-then-500', 1, { stage: 'no_clear_answer', reason: 'http_500' }],
  ['500', 0, { stage: 'no_clear_answer', reason: 'http_500' }],
  ['503', 0, { stage: 'no_clear_answer', reason: 'http_503' }],
  ['403', 0, { stage: 'answered', httpStatus: 403, code: '43' }],
  ['409', 0, { stage: 'answered', httpStatus: 409, code: '13' }],
  ['422', 0, { stage: 'answered', httpStatus: 422, code: '21' }],
  ['429', 0, { stage: 'answered', httpStatus: 429, retryAfterMs: 1_000 }],
  ['501', 0, { stage: 'answered', httpStatus: 501 }],
] as const)('%s leaves %i payments and is told apart', async (fault, effects, failure) => {
  const meetsDeadline = 'reason' in failure && failure.reason === 'timeout';
  const { client, faults, ledger } = await open(meetsDeadline ? HURRIED_MS : PATIENT_MS);
  await client.listPayments({}, { limit: 1, offset: 0 });
  await faults([{ operation: 'create', fault, count: 1 }]);
  expect(await create(client)).toMatchObject({ ok: false, failure });
  await expect.poll(async () => (await ledger()).payments, { timeout: 5_000 }).toHaveLength(effects);
});

test('refuse: later calls are refused by the system until the port opens again', async () => {
  const { client, faults } = await open();
  await client.listPayments({}, { limit: 1, offset: 0 });
  await faults([{ operation: 'create', fault: 'refuse', count: 1, delayMs: 300 }]);
  await create(client);
  expect(await create(client)).toMatchObject({ failure: { stage: 'not_sent', reason: 'connect_refused' } });
  await expect.poll(async () => (await create(client)).ok, { timeout: 5_000 }).toBe(true);
});

test('429-without-retry-after says nothing of when to come back', async () => {
  const { client, faults } = await open();
  await faults([{ operation: 'create', fault: '429-without-retry-after', count: 1 }]);
  const result = await create(client);
  expect(result.ok === false && result.failure).toMatchObject({ httpStatus: 429 });
  expect(result.ok === false && result.failure.retryAfterMs).toBeUndefined();
});

test('slow and slow-bytes are answered after their time', async () => {
  const { client, faults } = await open();
  for (const fault of ['slow', 'slow-bytes']) {
    await faults([{ operation: 'create', fault, delayMs: 120 }]);
    const startedAt = performance.now();
    expect(await create(client)).toMatchObject({ ok: true, value: { status: 'CREATED' } });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(100);
  }
});

test('revoked-token: the call is repeated with a new token, unless that one is revoked too', async () => {
  const { client, faults, ledger } = await open();
  await faults([{ operation: 'create', fault: 'revoked-token', count: 1 }]);
  expect(await create(client)).toMatchObject({ ok: true });
  await faults([{ operation: 'create', fault: 'revoked-token' }]);
  expect(await create(client)).toMatchObject({ ok: false, failure: { stage: 'answered', httpStatus: 401 } });
  expect((await ledger()).payments).toHaveLength(1);
});

/** Long enough to look in the meantime, on a busy machine too. */
const LAG_MS = 1_500;
const SHOWS = { timeout: 10_000 };

test('lag: reads and lists show the payment as before the write, the ledger as it is', async () => {
  const { client, faults, ledger, get } = await open();
  await faults([{ operation: 'create', fault: 'lag', count: 1, delayMs: LAG_MS }]);
  const created = await create(client);
  if (!created.ok) throw new Error('not created');
  const { id } = created.value;
  expect((await get(`/sandbox/payments/${id}`)).status).toBe(404);
  expect((await get('/sandbox/payments')).body.results).toEqual([]);
  expect((await ledger()).payments).toHaveLength(1);
  await expect.poll(async () => (await get(`/sandbox/payments/${id}`)).status, SHOWS).toBe(200);
  await faults([{ operation: 'capture', fault: 'lag', count: 1, delayMs: LAG_MS }]);
  expect(await client.capturePayment(id)).toMatchObject({ ok: true, value: { status: 'CAPTURED' } });
  expect((await get(`/sandbox/payments/${id}`)).body.status).toBe('CREATED');
  await expect.poll(async () => (await get(`/sandbox/payments/${id}`)).body.status, SHOWS).toBe('CAPTURED');
});

test('lag: a write that does not show yet hides those after it, whenever they would show by themselves', async () => {
  const { client, faults, get } = await open();
  await faults([
    { operation: 'create', fault: 'lag', count: 1, delayMs: LAG_MS },
    { operation: 'capture', fault: 'lag', count: 1, delayMs: 1 },
  ]);
  const created = await create(client);
  if (!created.ok) throw new Error('not created');
  const { id } = created.value;
  expect(await client.capturePayment(id)).toMatchObject({ ok: true, value: { status: 'CAPTURED' } });
  expect((await get(`/sandbox/payments/${id}`)).status).toBe(404);
  await expect.poll(async () => (await get(`/sandbox/payments/${id}`)).status, SHOWS).toBe(200);
});

test('lag: how far the documents of a payment are shows later too', async () => {
  const { client, faults, get } = await open();
  const created = await create(client);
  if (!created.ok) throw new Error('not created');
  const { id } = created.value;
  const stands = async () => (await get(`/sandbox/payments/${id}`)).body.documentationStatus;
  const before = await stands();
  await faults([{ operation: 'documents', fault: 'lag', count: 1, delayMs: LAG_MS }]);
  expect(
    await client.submitDocument(id, { type: 'invoice', url: 'https://documents.example/1' }),
  ).toMatchObject({
    ok: true,
  });
  expect(await stands()).toBe(before);
  await expect.poll(stands, SHOWS).toBe('UPLOADED');
});

test('lag: a payment attempt shows later too, in reads and in lists', async () => {
  const { client, faults, get } = await open();
  await faults([{ operation: 'attempt', fault: 'lag', count: 1, delayMs: LAG_MS }]);
  const made = await client.createAttempt(JSON.stringify(p2pBody()));
  if (!made.ok) throw new Error('not made');
  const path = `/sandbox/payment-attempts/${made.value.id}`;
  expect((await get(path)).status).toBe(404);
  expect((await get('/sandbox/payment-attempts')).body.data).toEqual([]);
  await expect.poll(async () => (await get(path)).status, SHOWS).toBe(200);
  expect((await get('/sandbox/payment-attempts')).body.data).toHaveLength(1);
});

test('twin: two payments have the externalId, and the answer tells of the first', async () => {
  const { client, faults, ledger } = await open();
  await faults([{ operation: 'create', fault: 'twin', count: 1 }]);
  const created = await create(client);
  const { payments } = await ledger();
  expect(payments).toHaveLength(2);
  expect(payments[1].externalId).toBe(payments[0].externalId);
  expect(created).toMatchObject({ ok: true, value: { id: payments[0].id } });
});

test.each([
  ['unknown-status', 'ON_HOLD_BY_PARTNER', undefined],
  ['amount-as-number', 'CREATED', Number],
])('%s: what is told differs, what happened does not', async (fault, status, type) => {
  const { client, faults, ledger } = await open();
  await faults([{ operation: '*', fault }]);
  const created = await create(client);
  expect(created).toMatchObject({ ok: true, value: { status } });
  const listed = await client.listPayments({}, { limit: 10, offset: 0 });
  expect(listed).toMatchObject({ ok: true, value: { payments: [{ status }] } });
  if (type && created.ok) expect(typeof created.value.raw.totalAmount).toBe('number');
  expect((await ledger()).payments[0].status).toBe('CREATED');
});

test('missing-fields: rows lack what identifies a payment, reads by id do not', async () => {
  const { client, faults } = await open();
  await create(client);
  await faults([{ operation: 'list', fault: 'missing-fields' }]);
  const listed = await client.listPayments({}, { limit: 10, offset: 0 });
  if (!listed.ok) throw new Error('not listed');
  const [row] = listed.value.payments;
  expect(row?.externalId).toBeUndefined();
  expect(row?.createdAt).toBeUndefined();
  const read = await client.readPayment(row?.id ?? '');
  expect(read.ok && read.value.externalId).toBeTruthy();
});
