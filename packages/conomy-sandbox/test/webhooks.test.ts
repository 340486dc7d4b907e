import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { signDelivery } from '../src/webhook-event.ts';
import { documentedRetryDelayMs } from '../src/webhook-retry.ts';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

interface Vector {
  name: string;
  variant: string;
  secret: string;
  deliveredBody: string;
  rawBody: string;
  signatureHex: string;
}

const { vectors }: { vectors: Vector[] } = JSON.parse(
  readFileSync(new URL('./fixtures/webhook-signature-test-vectors.json', import.meta.url), 'utf8'),
);

test.each(vectors.filter(({ variant }) => variant === 'signature-field-in-body'))(
  'the signature of $name is the known one, byte for byte',
  ({ secret, deliveredBody }) => {
    const { event, data } = JSON.parse(deliveredBody);
    expect(signDelivery({ form: 'body', event, data }, secret).body).toBe(deliveredBody);
  },
);

test.each(vectors.filter(({ variant }) => variant === 'X-Webhook-Signature-header'))(
  'the signature of $name in the header is the known one',
  ({ secret, rawBody, signatureHex }) => {
    const delivery = signDelivery({ form: 'header', payload: JSON.parse(rawBody) }, secret);
    expect(delivery).toEqual({ body: rawBody, headers: { 'x-webhook-signature': signatureHex } });
  },
);

test('CAPTURED, RECEIVED and FAILED are announced and nothing else is', async () => {
  const receiver = await openReceiver();
  const { post, transition } = await openSandbox({ webhook: { url: receiver.url, secret: 's' } });
  const settled = (await post('/sandbox/payments', p2pBody())).body.id;
  const seen: [string, string][] = [];
  const take = async () => {
    const { event, status } = await receiver.next();
    seen.push([event, status]);
  };
  await transition(settled, 'AUTHORIZED');
  await transition(settled, 'CAPTURED');
  await take();
  await transition(settled, 'RECEIVED');
  await take();
  await transition(settled, 'SETTLED');
  const failed = (await post('/sandbox/payments', p2pBody())).body.id;
  await transition(failed, 'FAILED');
  await take();
  expect(seen).toEqual([
    ['Transaction.Captured', 'CAPTURED'],
    ['Transaction.Received', 'RECEIVED'],
    ['Transaction.Failed', 'FAILED'],
  ]);
  expect(receiver.untaken()).toBe(0);
});

test('a delivery holds exactly the documented fields, signed with the secret', async () => {
  const receiver = await openReceiver();
  const secret = 'test-webhook-secret';
  const { capture } = await openSandbox({ webhook: { url: receiver.url, secret } });
  const id = await capture(p2pBody());
  const transaction = {
    id,
    purchaseAmount: '15000.00',
    totalAmount: '15000.00',
    externalId: 'p2p-1001',
    currency: 'COP',
    status: 'CAPTURED',
  };
  const { text } = await receiver.next();
  const event = { form: 'body', event: 'Transaction.Captured', data: { transaction } } as const;
  expect(text).toBe(signDelivery(event, secret).body);
  expect(JSON.parse(text).signature).toMatch(/^[0-9a-f]{64}$/);
});

test('without a secret events are sent unsigned', async () => {
  const receiver = await openReceiver();
  const { capture } = await openSandbox({ webhook: { url: receiver.url } });
  await capture(p2pBody());
  expect(Object.keys(JSON.parse((await receiver.next()).text))).toEqual(['event', 'data']);
});

test('retries follow the documented rule: 30 s doubling, at most an hour, for 24 hours', () => {
  const delays: number[] = [];
  for (let failures = 1; ; failures += 1) {
    const delayMs = documentedRetryDelayMs(failures);
    if (delayMs === null) break;
    delays.push(delayMs / 1000);
  }
  expect(delays.slice(0, 9)).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
  expect(delays).toHaveLength(29);
  expect(delays.reduce((sum, delay) => sum + delay)).toBeLessThanOrEqual(24 * 3600);
});

test('a delivery refused or not answered in time is sent again until it is accepted, then never again', async () => {
  const failures: number[] = [];
  const receiver = await openReceiver((response, nth) => {
    if (nth === 1) response.writeHead(500).end();
    else if (nth !== 2) response.end();
  });
  const { capture } = await openSandbox({
    webhook: { url: receiver.url, secret: 's' },
    webhookTimeoutMs: 250,
    webhookRetryDelayMs: (count) => {
      failures.push(count);
      return 1;
    },
  });
  const id = await capture(p2pBody());
  const texts = [await receiver.next(), await receiver.next(), await receiver.next()].map(({ text }) => text);
  expect(new Set(texts).size).toBe(1);
  expect(failures).toEqual([1, 2]);
  const other = await capture(p2pBody());
  expect((await receiver.next()).id).toBe(other);
  expect(other).not.toBe(id);
});

test('a retry goes to the URL and with the secret of its own moment', async () => {
  const moved = await openReceiver();
  const gone = await openReceiver((response) => response.writeHead(503).end());
  const failed = Promise.withResolvers<void>();
  const { capture, post } = await openSandbox({
    webhook: { url: gone.url },
    webhookRetryDelayMs: () => {
      failed.resolve();
      return 5;
    },
  });
  const id = await capture(p2pBody());
  await failed.promise;
  await post('/_sandbox/config', { webhook: { url: moved.url, secret: 'new' } });
  const { text } = await moved.next();
  expect(JSON.parse(text)).toMatchObject({ data: { transaction: { id } }, signature: expect.any(String) });
});

test('a delivery under way when the sandbox is reset is not sent again', async () => {
  const held = Promise.withResolvers<ServerResponse>();
  const receiver = await openReceiver((response, nth) => {
    if (nth === 1) held.resolve(response);
    else response.end();
  });
  const { capture, post } = await openSandbox({
    webhook: { url: receiver.url },
    webhookRetryDelayMs: () => 1,
  });
  await capture(p2pBody());
  await receiver.next();
  await post('/_sandbox/reset');
  const refused = await held.promise;
  await new Promise<void>((sent) => refused.writeHead(500).end(sent));
  for (let n = 0; n < 3; n += 1) {
    const later = await capture(p2pBody());
    expect((await receiver.next()).id).toBe(later);
  }
});

test('a receiver that never answers holds up no operation', async () => {
  const receiver = await openReceiver(() => {});
  const { capture } = await openSandbox({ webhook: { url: receiver.url } });
  for (let n = 0; n < 20; n += 1) await capture(p2pBody());
  await receiver.next();
});
