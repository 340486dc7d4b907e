/** Events whose bytes say more than is signed, other than is signed, or the same in other bytes. */
import { expect, test } from 'vitest';
import { signDelivery } from '../src/webhook-event.ts';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

async function heard(fault: string, copies: number, form: 'body' | 'header' = 'body'): Promise<string[]> {
  const receiver = await openReceiver();
  const webhook = { url: receiver.url, secret: 's', form };
  const { capture, faults } = await openSandbox({ webhook });
  await faults([{ operation: 'webhook', fault, count: 1 }]);
  await capture(p2pBody());
  const texts: string[] = [];
  for (let n = 0; n < copies; n += 1) texts.push((await receiver.next()).text);
  expect(receiver.untaken()).toBe(0);
  return texts;
}

/** Whether the signature that stands in it is that of its event and data. */
function isRightlySigned(text: string): boolean {
  const { event, data, signature } = JSON.parse(text);
  return JSON.parse(signDelivery({ form: 'body', event, data }, 's').body).signature === signature;
}

test('webhook-unsigned-members: what stands beside the signed members contradicts them', async () => {
  const [told = '', blank = ''] = await heard('webhook-unsigned-members', 2);
  expect([told, blank].map(isRightlySigned)).toEqual([true, true]);
  const { data, transaction, status } = JSON.parse(told);
  expect(data.transaction.status).toBe('CAPTURED');
  expect({ status, ...transaction }).toMatchObject({
    id: data.transaction.id,
    status: 'DISPUTED',
    totalAmount: '1.00',
  });
  expect(JSON.parse(blank)).toMatchObject({
    event: 'purchase.assigned',
    data: { note: 'assigned' },
    transaction,
  });
});

test('webhook-other-white-space: one signed event comes in three different texts', async () => {
  const texts = await heard('webhook-other-white-space', 3);
  expect(new Set(texts).size).toBe(3);
  expect(texts.map(isRightlySigned)).toEqual([true, true, true]);
  expect(new Set(texts.map((text) => JSON.stringify(JSON.parse(text)))).size).toBe(1);
});

test('webhook-doubled-members: the event stands in it twice, the last one is signed', async () => {
  const [text = ''] = await heard('webhook-doubled-members', 1);
  expect(text).toMatch(/^\{"event":"Transaction.Failed","event":"Transaction.Captured",/);
  expect(isRightlySigned(text)).toBe(true);
});

test('webhook-unstorable: a signed event of an id that nobody can store comes before the right one', async () => {
  const [hostile = '', right = ''] = await heard('webhook-unstorable', 2);
  expect([hostile, right].map(isRightlySigned)).toEqual([true, true]);
  const idOf = (text: string): string => JSON.parse(text).data.transaction.id;
  expect(idOf(right)).toMatch(/^[0-9a-f]{24}$/);
  expect(['x'.repeat(4_000), 'x\u0000', 'x\ud83d']).toContain(idOf(hostile));
});

test.each(['webhook-unsigned-members', 'webhook-doubled-members'])(
  '%s changes nothing in the form that signs every byte',
  async (fault) => {
    const receiver = await openReceiver();
    const { capture, faults } = await openSandbox({
      webhook: { url: receiver.url, secret: 's', form: 'header' },
    });
    await faults([{ operation: 'webhook', fault, count: 1 }]);
    await capture(p2pBody());
    const { text, headers } = await receiver.next();
    const signed = signDelivery({ form: 'header', payload: JSON.parse(text) }, 's');
    expect(headers['x-webhook-signature']).toBe(signed.headers['x-webhook-signature']);
  },
);
