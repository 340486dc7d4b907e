/** One read of a payment on demand. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { ObservedPayment, ProviderResult } from '@capstan/shared/provider/payment-provider';
import { afterEach, expect, test } from 'vitest';
import {
  type ApiFixture,
  createCommand,
  get,
  openApi,
  postCommand,
  providerWith,
  SECRETS,
  send,
} from './api-fixture.ts';

let api: ApiFixture;

afterEach(() => api.close());

function refresh(reference: string, secret: string = SECRETS.all) {
  return send(api.app, {
    method: 'POST',
    url: `/v1/payments/${reference}/refresh`,
    headers: { authorization: `Bearer ${secret}` },
  });
}

const told = (status: string): ProviderResult<ObservedPayment> => ({
  ok: true,
  value: { id: 'conomy-1', status, raw: { id: 'conomy-1', status, reference: 'from-the-read' } },
});

/** An api whose provider answers each read as given, and a payment it knows as CAPTURED. */
async function openWith(answer: ProviderResult<ObservedPayment> | null): Promise<string> {
  const reads: string[] = [];
  const readPayment = async (id: string) => {
    reads.push(id);
    if (answer === null) throw new Error('no read was expected');
    return answer;
  };
  api = await openApi({ provider: providerWith({ readPayment }) });
  const { body } = await postCommand(api.app, createCommand(), 'key-1');
  return body.command.payment.key;
}

async function bind(key: string): Promise<void> {
  await api.pool.query(
    `update payments set conomy_id = 'conomy-1', status = 'CAPTURED', version = 2, cause = 'answer' where key = $1`,
    [key],
  );
}

test('one read moves the mirror, with its cause, and answers it', async () => {
  const key = await openWith(told('SETTLED'));
  await bind(key);
  const { status, body } = await refresh('conomy-1', SECRETS.enqueue);

  expect(status).toBe(200);
  expect(body.payment).toMatchObject({
    key,
    id: 'conomy-1',
    status: 'SETTLED',
    reference: 'from-the-read',
    mirror: { version: 3, cause: 'read', final: true },
  });
  expect((await get(api.app, `/v1/payments/${key}`)).body).toEqual(body);
});

test('what was set aside of the payment has one more try, and nothing else has', async () => {
  const key = await openWith(told('SETTLED'));
  await bind(key);
  const insertDelivery = async (result: string, paymentKey: string | null) => {
    const id = randomUUID();
    await api.pool.query(
      `insert into webhook_deliveries (id, body_sha256, body, form, event, payment_key, result, applied_at)
       values ($1, $2, '{}', 'body', 'transaction.updated', $3, $4, now())`,
      [id, randomBytes(32), paymentKey, result],
    );
    return id;
  };
  const setAside = await insertDelivery('unreadable', key);
  await insertDelivery('stale', key);
  await insertDelivery('unreadable', null);
  await api.pool.query(
    `insert into pushes (payment_key, next_sequence, faults, due_at) values ($1, 1, 5, capstan_now() + interval '1 day')`,
    [key],
  );

  expect(await refresh(key)).toMatchObject({ status: 200 });
  const { rows } = await api.pool.query('select id from webhook_deliveries where offer_at <= capstan_now()');
  expect(rows).toEqual([{ id: setAside }]);
  const { rowCount } = await api.pool.query('select from pushes where due_at <= capstan_now()');
  expect(rowCount).toBe(1);
});

test('a payment at rest is answered as it is', async () => {
  const key = await openWith(told('CAPTURED'));
  await bind(key);
  expect(await refresh(key)).toMatchObject({ status: 200, body: { payment: { mirror: { version: 2 } } } });
});

test.each([
  ['cannot be reached', { stage: 'not_sent', reason: 'connect_refused' }, /could not be reached/],
  ['gives no clear answer', { stage: 'no_clear_answer', reason: 'timeout' }, /gave no answer \(timeout\)/],
  ['refuses the read', { stage: 'answered', reason: 'http_404', httpStatus: 404 }, /refused the read/],
] as const)('a provider that %s is 503 and changes nothing', async (_what, failure, detail) => {
  const key = await openWith({ ok: false, failure });
  await bind(key);
  const before = await get(api.app, `/v1/payments/${key}`);

  expect(await refresh(key)).toMatchObject({
    status: 503,
    headers: { 'retry-after': expect.any(String) },
    body: { code: 'unavailable', detail: expect.stringMatching(detail) },
  });
  expect((await get(api.app, `/v1/payments/${key}`)).body).toEqual(before.body);
});

test('a payment that Conomy has not named yet is not read', async () => {
  const key = await openWith(null);
  expect(await refresh(key)).toMatchObject({ status: 409, body: { code: 'payment_not_created' } });
});

test('an unknown payment is 404, and a reading key may not ask', async () => {
  const key = await openWith(null);
  expect(await refresh('nobody')).toMatchObject({ status: 404, body: { code: 'payment_not_found' } });
  expect(await refresh(key, SECRETS.read)).toMatchObject({ status: 403 });
});
