import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

async function open() {
  const receiver = await openReceiver();
  const client = await openSandbox({ webhook: { url: receiver.url, secret: 's', form: 'header' } });
  /** Deliveries run side by side: what belongs to one move may arrive in any order. */
  const take = async (count: number) => {
    const taken = await Promise.all(Array.from({ length: count }, () => receiver.next()));
    return taken.map(({ event }) => event).sort();
  };
  return { receiver, client, take };
}

test('the header signs the raw bytes, and fields that do not apply are null', async () => {
  const { receiver, client } = await open();
  const id = await client.capture(p2pBody());
  const { text, headers } = await receiver.next();
  expect(headers['x-webhook-signature']).toBe(createHmac('sha256', 's').update(text).digest('hex'));
  expect(JSON.parse(text)).toEqual({
    eventType: 'transaction.status_changed',
    timestamp: expect.stringMatching(/Z$/),
    transaction: {
      id,
      externalId: 'p2p-1001',
      status: 'CAPTURED',
      totalAmount: '15000.00',
      currency: 'COP',
      type: 'P2P',
      parentPaymentId: null,
      relatedPaymentId: null,
      customerId: null,
      settledAt: null,
      expiredAt: null,
      unsettledAt: null,
      unsettledReason: null,
      settlementBatchId: null,
      documentationStatus: null,
    },
    identity: { id: p2pBody().identityId, email: expect.any(String) },
  });
});

test.each([
  ['SETTLED', ['CAPTURED', 'RECEIVED'], 'payment.settled'],
  ['UNSETTLED', ['CAPTURED', 'RECEIVED'], 'payment.unsettled'],
  ['EXPIRED', [], 'payment.expired'],
  ['FAILED', [], 'payment.failed'],
  ['REQUIRES_REVIEW', [], 'payment.requiresReview'],
])('%s is announced under its own name beside the change of status', async (status, path, name) => {
  const { client, take } = await open();
  const { id } = (await client.post('/sandbox/payments', p2pBody())).body;
  for (const step of path) {
    await client.transition(id, step);
    await take(1);
  }
  await client.transition(id, status);
  expect(await take(2)).toEqual([name, 'transaction.status_changed'].sort());
});

test.each([
  ['CAPTURED', ['payment.reviewApproved', 'payment.reviewResolved', 'transaction.status_changed']],
  [
    'FAILED',
    ['payment.failed', 'payment.reviewRejected', 'payment.reviewResolved', 'transaction.status_changed'],
  ],
])('a review that ends %s is announced as decided', async (status, events) => {
  const { client, take } = await open();
  const { id } = (await client.post('/sandbox/payments', p2pBody())).body;
  await client.transition(id, 'REQUIRES_REVIEW');
  await take(2);
  await client.transition(id, status);
  expect(await take(events.length)).toEqual(events);
});

test('a refund is announced from its creation to its end, and an attempt when it is made', async () => {
  const { client, take } = await open();
  const id = await client.capture(p2pBody());
  await client.transition(id, 'SETTLED');
  await take(3);
  const { refundId } = (await client.post(`/sandbox/payments/${id}/refund`)).body;
  expect(await take(1)).toEqual(['payment.refund.created']);
  await client.transition(refundId, 'CAPTURED');
  expect(await take(2)).toEqual(['payment.refund.captured', 'transaction.status_changed']);
  await client.transition(refundId, 'SETTLED');
  expect(await take(2)).toEqual(['payment.refund.settled', 'transaction.status_changed']);
  await client.post('/sandbox/payment-attempts', p2pBody());
  expect(await take(1)).toEqual(['purchase.attempted']);
});

test('in the other form a refund is never announced', async () => {
  const receiver = await openReceiver();
  const client = await openSandbox({ webhook: { url: receiver.url } });
  const id = await client.capture(p2pBody());
  await receiver.next();
  await client.transition(id, 'SETTLED');
  const { refundId } = (await client.post(`/sandbox/payments/${id}/refund`)).body;
  await client.transition(refundId, 'FAILED');
  const later = await client.capture(p2pBody());
  expect((await receiver.next()).id).toBe(later);
});
