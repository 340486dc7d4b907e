// Scenario: callers and operators name payments by ids that no Conomy would give, or that lead a URL elsewhere.
// Goal: every door refuses them by name, before a row is written or anything is asked of Conomy.
import { createHmac } from 'node:crypto';
import type { PaymentProvider } from '@capstan/shared/provider/payment-provider';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readInboxJob } from '../src/inbox/read-inbox-job.ts';
import {
  type ApiFixture,
  captureOf,
  get,
  openApi,
  postBatch,
  postCommand,
  providerWith,
  SECRETS,
  send,
  WEBHOOK_SECRET,
} from './api-fixture.ts';

const HOSTILE = [
  '../auth',
  'x?y=z',
  '{{7*7}}',
  '.',
  '..',
  '%2e',
  '%2E%2E',
  'a/b',
  'a#b',
  'a b',
  ' a',
  'ñ',
  'x'.repeat(129),
];

let api: ApiFixture;
const asked: string[] = [];

beforeAll(async () => {
  const provider = new Proxy({} as PaymentProvider, {
    get: (_target, name) => {
      asked.push(String(name));
      return Reflect.get(providerWith(), name);
    },
  });
  api = await openApi({ provider });
});

afterAll(() => api.close());

async function expectNothingDone(): Promise<void> {
  expect(await api.countRows()).toMatchObject({ commands: 0, payments: 0 });
  expect(asked).toEqual([]);
}

const post = (url: string, body: unknown) =>
  send(api.app, {
    method: 'POST',
    url,
    headers: { authorization: `Bearer ${SECRETS.all}`, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });

const refund = (id: string) => ({
  type: 'payment.refund',
  payment: { id },
  amount: '1.00',
  currency: 'COP',
});
const document = (id: string) => ({
  type: 'payment.submit-document',
  payment: { id },
  document: { type: 'invoice', url: 'https://files.example/a.pdf' },
});

describe.each(HOSTILE)('the id %j', (id) => {
  test('is refused in the body of every command that names a payment', async () => {
    const commands = [captureOf({ id }), { ...captureOf({ id }), type: 'payment.authorize' }, refund(id)];
    for (const command of [...commands, document(id)]) {
      const { status, body } = await postCommand(api.app, command, 'k');
      expect([status, body.code, body.errors?.[0]?.path]).toEqual([400, 'validation_failed', '/payment/id']);
    }
    await expectNothingDone();
  });

  test('is refused in a batch at its own place', async () => {
    const { body } = await postBatch(api.app, {
      commands: [{ idempotencyKey: 'k', ...captureOf({ id }) }],
    });
    expect(body.results[0].problem).toMatchObject({
      code: 'validation_failed',
      errors: [{ path: '/commands/0/payment/id' }],
    });
    await expectNothingDone();
  });

  test('is refused at the queue door', () => {
    expect(readInboxJob({ idempotencyKey: 'k', ...captureOf({ id }) })).toMatchObject({
      ok: false,
      refusal: { code: 'validation_failed', errors: [{ path: '/payment/id' }] },
    });
  });

  test('names no payment in the path of a read, and is refused in its query', async () => {
    for (const path of [
      `/v1/payments/${encodeURIComponent(id)}`,
      `/v1/payments/${encodeURIComponent(id)}/timeline`,
    ])
      expect(await get(api.app, path)).toMatchObject({ status: 404 });
    for (const query of [
      `discrepancies?payment=${encodeURIComponent(id)}`,
      `payments?parent=${encodeURIComponent(id)}`,
    ])
      expect(await get(api.app, `/v1/${query}`)).toMatchObject({ status: 400 });
    await expectNothingDone();
  });

  test('is refused in the path of a refresh, by a pause and by a conclusion', async () => {
    const refreshed = await send(api.app, {
      method: 'POST',
      url: `/v1/payments/${encodeURIComponent(id)}/refresh`,
      headers: { authorization: `Bearer ${SECRETS.all}` },
    });
    // The test's own client takes these out of the path; e2e/field sends them as they are.
    if (!/^(\.|%2e){1,2}$/i.test(id))
      expect(refreshed).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    const paused = await post('/v1/pauses', { scope: { kind: 'payment', value: id }, reason: 'a test' });
    expect(paused.body).toMatchObject({ code: 'validation_failed', errors: [{ path: '/scope/value' }] });
    const command = '/v1/commands/0198a5a0-0000-7000-8000-000000000000/conclude';
    const made = await post(command, { outcome: 'made', paymentId: id, reason: 'a test' });
    expect(made.body).toMatchObject({ code: 'validation_failed', errors: [{ path: '/paymentId' }] });
    const notMade = await post(command, { outcome: 'not_made', notOurs: [id], reason: 'a test' });
    expect(notMade.body).toMatchObject({ code: 'validation_failed', errors: [{ path: '/notOurs/0' }] });
    await expectNothingDone();
  });

  test('in a signed delivery is kept as received and names no payment', async () => {
    const signed = JSON.stringify({
      event: 'payment.settled',
      data: { transaction: { id, status: 'SETTLED', parentPaymentId: id, relatedPaymentId: id } },
    });
    const signature = createHmac('sha256', WEBHOOK_SECRET).update(signed).digest('hex');
    const { statusCode } = await api.app.inject({
      method: 'POST',
      url: '/webhooks/conomy',
      payload: signed.replace(/}$/, `,"signature":"${signature}"}`),
    });
    expect(statusCode).toBe(200);
    const { rows } = await api.pool.query('select conomy_id from webhook_deliveries');
    expect(rows.every(({ conomy_id }) => conomy_id === null)).toBe(true);
    await expectNothingDone();
  });
});

test.each(['a', 'x'.repeat(128), '6655f0c2e4b0a1b2c3d4e5f6', 'pay_1.2~3:4-5', '...'])(
  'the id %s is one that Conomy may give',
  async (id) => {
    expect(readInboxJob({ idempotencyKey: 'k', ...captureOf({ id }) })).toMatchObject({ ok: true });
    const paused = await post('/v1/pauses', { scope: { kind: 'payment', value: id }, reason: 'a test' });
    expect(paused).toMatchObject({ status: 404, body: { code: 'payment_not_found' } });
  },
);
