import { expect, test } from 'vitest';
import { COP_PAYER } from '../src/default-accounts.ts';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

test('with timers of zero a captured payment settles by itself, after the answer of the capture', async () => {
  const { post, get } = await openSandbox({ timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } });
  const { body } = await post('/sandbox/payments', p2pBody());
  expect((await post(`/sandbox/payments/${body.id}/captured`)).body.status).toBe('CAPTURED');
  const read = async () => (await get(`/sandbox/payments/${body.id}`)).body;
  await expect.poll(read).toMatchObject({ status: 'SETTLED', settledAt: expect.any(String) });
});

test('timers given later move payments that were waiting without one', async () => {
  const receiver = await openReceiver();
  const { post, get, capture } = await openSandbox({ webhook: { url: receiver.url } });
  const id = await capture(p2pBody());
  expect((await receiver.next()).status).toBe('CAPTURED');
  expect((await get(`/sandbox/payments/${id}`)).body.status).toBe('CAPTURED');
  const { body } = await post('/_sandbox/config', { timers: { capturedToReceivedMs: 1 } });
  expect(body.timers).toEqual({ capturedToReceivedMs: 1, receivedToSettledMs: null });
  expect(await receiver.next()).toMatchObject({ id, status: 'RECEIVED' });
});

test('the simulation moves a captured payment to RECEIVED and refuses any other', async () => {
  const { post, get, capture } = await openSandbox();
  const path = '/sandboxwebhook/payments/received/payment-provider';
  const id = await capture(p2pBody());
  expect(await post(path, { id })).toMatchObject({ status: 200, body: { ok: true } });
  expect((await get(`/sandbox/payments/${id}`)).body.status).toBe('RECEIVED');
  expect((await post(path, { id })).body).toMatchObject({ status: 422, code: '21' });
  expect((await post(path, {})).body).toMatchObject({ status: 400, code: '12' });
  expect((await post(path, { id: 'none' })).body).toMatchObject({ status: 404, code: '31' });
});

test.each(['id', 'transactionId'])(
  'the older simulation takes the payment as %s and answers it',
  async (name) => {
    const { post, capture } = await openSandbox();
    const id = await capture(p2pBody());
    expect((await post('/sandbox/payments/received', { [name]: id })).body).toMatchObject({
      id,
      status: 'RECEIVED',
    });
  },
);

test.each(['FAILED', 'REVERSED'])('a captured payment that ends %s gives the money back', async (status) => {
  const { capture, transition, ledger } = await openSandbox();
  const id = await capture(p2pBody());
  expect((await transition(id, status)).body.status).toBe(status);
  expect((await ledger()).accounts).toContainEqual(COP_PAYER);
});

test('a review after capture resumes without taking the money again', async () => {
  const { capture, transition, ledger } = await openSandbox();
  const id = await capture(p2pBody());
  await transition(id, 'REQUIRES_REVIEW');
  expect((await transition(id, 'AUTHORIZED')).status).toBe(422);
  expect((await transition(id, 'CAPTURED')).body.status).toBe('CAPTURED');
  const { payments, accounts } = await ledger();
  expect(payments[0].effects.capture).toBe(1);
  expect(accounts).toContainEqual({ ...COP_PAYER, availableFunds: '9999985000.00' });
});

test('a settled payment that is refunded as a whole moves the money back', async () => {
  const { capture, transition, ledger } = await openSandbox();
  const before = (await ledger()).accounts;
  const id = await capture(p2pBody());
  await transition(id, 'SETTLED');
  await transition(id, 'REFUNDED');
  const { payments, accounts } = await ledger();
  expect(accounts).toEqual(before);
  expect(payments[0].effects.refund).toBe(1);
});

test('an illegal move is refused with what would be legal, and a final status is never left', async () => {
  const { post, transition } = await openSandbox();
  const { body } = await post('/sandbox/payments', p2pBody());
  const skipped = await transition(body.id, 'RECEIVED');
  expect(skipped.status).toBe(422);
  expect(skipped.body.detail).toMatch(
    /is CREATED and cannot move to RECEIVED; it can move only to .*CAPTURED/,
  );
  await transition(body.id, 'EXPIRED');
  const left = await transition(body.id, 'CAPTURED');
  expect(left.body).toMatchObject({ status: 422, detail: expect.stringContaining('final') });
});

test('a move to CAPTURED that the origins cannot cover changes nothing', async () => {
  const { post, get, transition } = await openSandbox();
  const { body } = await post('/sandbox/payments', p2pBody());
  await post('/_sandbox/config', { accounts: [{ ...COP_PAYER, availableFunds: '0' }] });
  expect((await transition(body.id, 'CAPTURED')).status).toBe(422);
  expect((await get(`/sandbox/payments/${body.id}`)).body.status).toBe('CREATED');
});
