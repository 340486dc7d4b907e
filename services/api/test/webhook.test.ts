/** Webhooks: what the signature covers is committed before the 200, nothing else is kept. */
import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Answer, type ApiFixture, openApi, send, WEBHOOK_SECRET } from './api-fixture.ts';

let api: ApiFixture;

beforeEach(async () => {
  api = await openApi();
});

afterEach(() => api.close());

const BODY = JSON.stringify({
  event: 'TRANSACTION_CAPTURED',
  data: { transaction: { id: 'conomy-1', externalId: 'order-1', status: 'CAPTURED' } },
});

function sign(body: string, secret = WEBHOOK_SECRET): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}

function deliver(body: string | Buffer, headers: Record<string, string> = {}): Promise<Answer> {
  return send(api.app, { method: 'POST', url: '/webhooks/conomy', headers, payload: body });
}

const deliverSigned = (body: string, headers: Record<string, string> = {}) =>
  deliver(body, { 'x-webhook-signature': sign(body), ...headers });

test.each([['application/json'], ['text/plain'], ['application/octet-stream'], ['not a content type']])(
  'a delivery signed in the header is stored as it arrived and offered, as %s',
  async (contentType) => {
    expect(await deliverSigned(BODY, { 'content-type': contentType })).toMatchObject({
      status: 200,
      body: {},
    });

    const { rows } = await api.pool.query(
      'select *, offer_at > capstan_now() as later from webhook_deliveries',
    );
    expect(rows).toEqual([
      expect.objectContaining({
        body: Buffer.from(BODY),
        form: 'header',
        event: 'TRANSACTION_CAPTURED',
        conomy_id: 'conomy-1',
        external_id: 'order-1',
        status: 'CAPTURED',
        later: true,
      }),
    ]);
    expect(api.deliveries.offers).toEqual([
      { id: `${rows[0].id}-1`, data: { deliveryId: rows[0].id, timesReceived: 1 } },
    ]);
  },
);

test('a delivery signed in its body is stored', async () => {
  const signed = JSON.stringify({ ...JSON.parse(BODY), signature: sign(BODY) });

  expect((await deliver(signed)).status).toBe(200);
  expect(await api.countRows()).toMatchObject({ deliveries: 1 });
});

// The message is what was signed: whoever saw one may add to it, and space it as he likes.
test('one signed message is one row, whatever white space and unsigned members it comes with', async () => {
  const body = { ...JSON.parse(BODY), signature: sign(BODY) };
  const sent = [
    JSON.stringify(body),
    JSON.stringify(body, null, 2),
    ...Array.from({ length: 10 }, (_, n) => `${' '.repeat(n)}${JSON.stringify(body)}${'\n'.repeat(n)}`),
    ...Array.from({ length: 10 }, (_, n) => JSON.stringify({ junk: 'x'.repeat(n), ...body })),
    JSON.stringify({ ...body, transaction: { id: 'conomy-2', status: 'SETTLED' } }),
  ];
  for (const text of sent) expect((await deliver(text)).status).toBe(200);
  // In the other form, too, it is the message that counts.
  expect((await deliverSigned(BODY)).status).toBe(200);

  const { rows } = await api.pool.query(
    'select body, body_sha256 = sha256(body) as hashed, signature, conomy_id, times_received from webhook_deliveries',
  );
  expect(rows).toEqual([
    {
      body: Buffer.from(BODY),
      hashed: true,
      signature: Buffer.from(sign(BODY), 'hex'),
      conomy_id: 'conomy-1',
      times_received: sent.length + 1,
    },
  ]);
});

test('the same bytes again are acknowledged, counted on their row and offered again', async () => {
  await deliverSigned(BODY);
  expect((await deliverSigned(BODY)).status).toBe(200);

  const { rows } = await api.pool.query('select id, times_received from webhook_deliveries');
  expect(rows).toEqual([{ id: expect.any(String), times_received: 2 }]);
  expect(api.deliveries.offers.map(({ id }) => id)).toEqual([`${rows[0].id}-1`, `${rows[0].id}-2`]);
});

test('an unknown event, even with a character PostgreSQL cannot hold, is stored', async () => {
  const body = JSON.stringify({ event: 'SOMETHING\0NEW', data: { transaction: { id: '\ud800' } } });

  expect((await deliverSigned(body)).status).toBe(200);
  expect(await api.countRows()).toMatchObject({ deliveries: 1 });
});

test.each([
  ['tampered with', BODY.replace('order-1', 'order-2'), { 'x-webhook-signature': sign(BODY) }],
  ['signed by somebody else', BODY, { 'x-webhook-signature': sign(BODY, 'another secret') }],
  ['without a signature', BODY, {}],
  ['empty', '', { 'x-webhook-signature': sign('') }],
  ['no JSON, though signed', 'hello', { 'x-webhook-signature': sign('hello') }],
  [
    'with a member twice, though signed',
    '{"event":"A","event":"B"}',
    { 'x-webhook-signature': sign('{"event":"A","event":"B"}') },
  ],
  [
    'with a wrong header over a right body signature',
    JSON.stringify({ ...JSON.parse(BODY), signature: sign(BODY) }),
    { 'x-webhook-signature': sign('x') },
  ],
] as const)('a delivery that is %s is refused, and only counted', async (_name, body, headers) => {
  const answer = await deliver(body, { 'content-type': 'application/json', ...headers });

  expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized', status: 401 } });
  expect(await api.countRows()).toMatchObject({ deliveries: 0 });
  expect(api.deliveries.offers).toEqual([]);
  const metrics = await api.registry.metrics();
  expect(metrics).toMatch(/capstan_webhook_deliveries_total\{result="\w+"\} 1/);
  expect(metrics).not.toContain('result="stored"');
});

test('a delivery of more than 256 KiB is refused', async () => {
  const answer = await deliverSigned(JSON.stringify({ event: 'x'.repeat(256 * 1024) }));

  expect(answer).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
  expect(await api.countRows()).toMatchObject({ deliveries: 0 });
});

test('a delivery is acknowledged although the queue is down', async () => {
  api.deliveries.isDown = true;

  expect((await deliverSigned(BODY)).status).toBe(200);
  expect(await api.countRows()).toMatchObject({ deliveries: 1 });
});
