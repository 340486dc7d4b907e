// The client of production against the sandbox: what one says, the other must understand.
import { createConomyClient } from '@capstan/shared/provider/conomy/client';
import { classifyFailure } from '@capstan/shared/provider/conomy/error-catalogue';
import { expect, onTestFinished, test } from 'vitest';
import { COP_COLLECTOR, COP_PAYER } from '../src/default-accounts.ts';
import type { SandboxOptions } from '../src/start-sandbox.ts';
import { collectBody, p2pBody } from './payment-bodies.ts';
import { CREDENTIALS, openSandbox } from './sandbox-client.ts';

async function open(options: Partial<SandboxOptions> = {}, callTimeoutMs = 10_000) {
  const control = await openSandbox(options);
  const client = createConomyClient({
    baseUrl: `${control.sandbox.url}/sandbox`,
    sandboxWebhookUrl: `${control.sandbox.url}/sandboxwebhook`,
    ...CREDENTIALS,
    apiVersion: '24-04-2025',
    userAgent: 'Capstan/1.0',
    callTimeoutMs,
  });
  onTestFinished(() => client.close());
  return { control, client };
}

function valueFrom<T>(result: { ok: true; value: T } | { ok: false; failure: unknown }): T {
  if (!result.ok) throw new Error(`the call failed: ${JSON.stringify(result.failure)}`);
  return result.value;
}

test('a payment is created, captured, confirmed, read, listed and found on its account', async () => {
  const { client } = await open();
  const created = valueFrom(await client.createPayment(JSON.stringify(collectBody())));
  expect(created.status).toBe('CREATED');
  expect(valueFrom(await client.capturePayment(created.id)).status).toBe('CAPTURED');
  valueFrom(await client.simulateReceived(created.id));
  const read = valueFrom(await client.readPayment(created.id));
  expect(read).toMatchObject({
    id: created.id,
    status: 'RECEIVED',
    externalId: 'collect-1001',
    type: 'COLLECT',
    accountNumber: COP_COLLECTOR.accountNumber,
    currency: 'COP',
  });
  const today = new Date(read.createdAt ?? '');
  const page = valueFrom(
    await client.listPayments(
      { accountNumber: COP_COLLECTOR.accountNumber, type: 'COLLECT', fromDay: today, toDay: today },
      { limit: 10, offset: 0 },
    ),
  );
  expect(page).toMatchObject({
    payments: [{ id: created.id }],
    unreadableRows: 0,
    nextOffset: null,
    total: 1,
  });
  const account = valueFrom(await client.readAccount(COP_PAYER.accountNumber));
  expect(account).toMatchObject({ accountNumber: COP_PAYER.accountNumber, currency: 'COP' });
  expect(valueFrom(await client.readAccount('404'))).toBeNull();
});

test('an authorized payment says so', async () => {
  const { client } = await open();
  const { id } = valueFrom(await client.createPayment(JSON.stringify(p2pBody())));
  expect(valueFrom(await client.authorizePayment(id)).status).toBe('AUTHORIZED');
});

test('pages follow each other by offset until the last', async () => {
  const { client } = await open();
  for (const number of [1, 2, 3]) {
    valueFrom(await client.createPayment(JSON.stringify(p2pBody({ externalId: `p2p-${number}` }))));
  }
  const seen: (string | undefined)[] = [];
  let offset: number | null = 0;
  while (offset !== null) {
    const page: Awaited<ReturnType<typeof client.listPayments>> = await client.listPayments(
      { accountNumber: COP_PAYER.accountNumber, sort: 'createdAt:asc' },
      { limit: 2, offset },
    );
    const { payments, nextOffset } = valueFrom(page);
    seen.push(...payments.map((payment) => payment.externalId));
    offset = nextOffset;
  }
  expect(seen.toSorted()).toEqual(['p2p-1', 'p2p-2', 'p2p-3']);
});

test('refusals are clear answers with their code', async () => {
  const { client } = await open();
  expect(await client.readPayment('nobody')).toMatchObject({
    ok: false,
    failure: { stage: 'answered', reason: 'http_404', code: '31', type: 'notFound' },
  });
  const invalid = await client.createPayment(JSON.stringify(p2pBody({ accountNumber: undefined })));
  if (invalid.ok) throw new Error('a create without an account was taken');
  expect(classifyFailure('create', invalid.failure)).toBe('reject');
});

test('a token that ends is renewed without the caller noticing', async () => {
  let nowMs = Date.now();
  const { client } = await open({ now: () => nowMs, tokenLifetimeS: 3600 });
  const { id } = valueFrom(await client.createPayment(JSON.stringify(p2pBody())));
  nowMs += 3_601_000;
  expect(valueFrom(await client.readPayment(id)).id).toBe(id);
});

test('an answer lost after the effect is no clear answer, and reading finds the effect', async () => {
  const { client, control } = await open({}, 500);
  const { id } = valueFrom(await client.createPayment(JSON.stringify(p2pBody())));
  await control.faults([{ operation: 'capture', fault: 'commit-then-timeout', count: 1 }]);
  const lost = await client.capturePayment(id);
  if (lost.ok) throw new Error('the answer was not lost');
  expect(lost.failure).toMatchObject({ stage: 'no_clear_answer', reason: 'timeout' });
  expect(classifyFailure('capture', lost.failure)).toBe('unknown');
  expect(valueFrom(await client.readPayment(id)).status).toBe('CAPTURED');
});

test('a rate limit is without effect and says how long to wait', async () => {
  const { client, control } = await open();
  await control.faults([{ operation: 'create', fault: '429', count: 1, delayMs: 2000 }]);
  const limited = await client.createPayment(JSON.stringify(p2pBody()));
  if (limited.ok) throw new Error('the rate limit did not hold');
  expect(limited.failure).toMatchObject({
    stage: 'answered',
    httpStatus: 429,
    code: '32',
    retryAfterMs: 2000,
  });
  expect(classifyFailure('create', limited.failure)).toBe('retry');
});

test('a server error on a write is no clear answer', async () => {
  const { client, control } = await open();
  await control.faults([{ operation: 'create', fault: '500', count: 1 }]);
  const failed = await client.createPayment(JSON.stringify(p2pBody()));
  if (failed.ok) throw new Error('the fault did not fire');
  expect(classifyFailure('create', failed.failure)).toBe('unknown');
});
