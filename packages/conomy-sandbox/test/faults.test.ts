import { expect, test } from 'vitest';
import { type CleanCall, createFaults } from '../src/faults.ts';
import type { Sandbox } from '../src/sandbox.ts';
import { signDelivery } from '../src/webhook-event.ts';
import { NO_ANSWER } from '../src/wire.ts';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox, send } from './sandbox-client.ts';
import { openReceiver } from './webhook-receiver.ts';

test('commit-then-timeout: the capture happens once and its answer never comes', async () => {
  const { sandbox, headers, post, get, faults, ledger } = await openSandbox();
  const { body } = await post('/sandbox/payments', p2pBody());
  await faults([{ operation: 'capture', fault: 'commit-then-timeout', count: 1 }]);
  const caller = new AbortController();
  const path = `/sandbox/payments/${body.id}/captured`;
  const lost = send(sandbox.url, 'POST', path, headers, {}, caller.signal);
  const read = async () => (await get(`/sandbox/payments/${body.id}`)).body.status;
  await expect.poll(read).toBe('CAPTURED');
  caller.abort();
  await expect(lost).rejects.toThrow();
  expect((await ledger()).payments[0].effects.capture).toBe(1);
});

test('commit-then-timeout with a delay answers late', async () => {
  const { post, faults } = await openSandbox();
  await faults([{ operation: 'create', fault: 'commit-then-timeout', delayMs: 20 }]);
  const startedAt = performance.now();
  expect((await post('/sandbox/payments', p2pBody())).body.status).toBe('CREATED');
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(19);
});

test('closing the sandbox cuts answers that are held back', async () => {
  const { sandbox, headers, faults, ledger } = await openSandbox();
  await faults([{ operation: 'create', fault: 'commit-then-timeout' }]);
  const lost = send(sandbox.url, 'POST', '/sandbox/payments', headers, p2pBody());
  const cut = expect(lost).rejects.toThrow();
  await expect.poll(async () => (await ledger()).payments).toHaveLength(1);
  await sandbox.close();
  await cut;
});

test.each([
  ['404', '31'],
  ['501', '42'],
])('%s: a route that others document is not there, and the other spelling still is', async (fault, code) => {
  const { capture, get, faults } = await openSandbox();
  const id = await capture(p2pBody());
  await faults([{ operation: 'refunds', fault }]);
  const path = `/sandbox/refunds?parentPaymentId=${id}`;
  expect(await get(path)).toMatchObject({ status: Number(fault), body: { code } });
  expect((await get(`/sandbox/payments/${id}/refunds`)).status).toBe(200);
});

test('500: the call is refused as serverError and has no effect', async () => {
  const { post, faults, ledger } = await openSandbox();
  await faults([{ operation: 'create', fault: '500', count: 1 }]);
  expect((await post('/sandbox/payments', p2pBody())).body).toMatchObject({
    status: 500,
    code: '01',
    type: 'serverError',
  });
  expect((await ledger()).payments).toEqual([]);
  expect((await post('/sandbox/payments', p2pBody())).status).toBe(200);
});

test.each([
  [undefined, '1'],
  [2_500, '3'],
])(
  '429 with a delay of %s ms: the call is refused with Retry-After %s and has no effect',
  async (delayMs, seconds) => {
    const { post, faults, ledger } = await openSandbox();
    await faults([{ operation: 'create', fault: '429', delayMs }]);
    const answer = await post('/sandbox/payments', p2pBody());
    expect(answer.body).toMatchObject({ status: 429, code: '32', type: 'tooManyRequests' });
    expect(answer.headers.get('retry-after')).toBe(seconds);
    expect((await ledger()).payments).toEqual([]);
  },
);

test('a faulted call by id counts as a call and not as an effect', async () => {
  const { post, faults, ledger } = await openSandbox();
  const { body } = await post('/sandbox/payments', p2pBody());
  await faults([{ operation: 'capture', fault: '500' }]);
  await post(`/sandbox/payments/${body.id}/captured`);
  const [entry] = (await ledger()).payments;
  expect(entry).toMatchObject({ effects: { capture: 0 }, calls: { capture: 1 } });
});

test('webhook-drop: the event never arrives, later ones do', async () => {
  const receiver = await openReceiver();
  const { capture, faults } = await openSandbox({ webhook: { url: receiver.url } });
  await faults([{ operation: 'webhook', fault: 'webhook-drop', count: 1 }]);
  await capture(p2pBody());
  const heard = await capture(p2pBody());
  expect((await receiver.next()).id).toBe(heard);
  expect(receiver.untaken()).toBe(0);
});

test('webhook-duplicate: the event arrives twice with the same bytes', async () => {
  const receiver = await openReceiver();
  const { capture, faults } = await openSandbox({ webhook: { url: receiver.url, secret: 's' } });
  await faults([{ operation: '*', fault: 'webhook-duplicate', delayMs: 1 }]);
  const id = await capture(p2pBody());
  const [first, second] = [await receiver.next(), await receiver.next()];
  expect(first.id).toBe(id);
  expect(second.text).toBe(first.text);
});

test('webhook-delay: the event arrives after its time', async () => {
  const receiver = await openReceiver();
  const { capture, faults } = await openSandbox({ webhook: { url: receiver.url } });
  await faults([{ operation: 'webhook', fault: 'webhook-delay', delayMs: 60 }]);
  const startedAt = performance.now();
  await capture(p2pBody());
  await receiver.next();
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(59);
});

test('webhook-reorder: the event arrives after the next one of its payment', async () => {
  const receiver = await openReceiver();
  const { capture, faults, transition } = await openSandbox({ webhook: { url: receiver.url } });
  await faults([{ operation: 'webhook', fault: 'webhook-reorder', count: 1, delayMs: 10_000 }]);
  const id = await capture(p2pBody());
  await transition(id, 'RECEIVED');
  expect([(await receiver.next()).status, (await receiver.next()).status]).toEqual(['RECEIVED', 'CAPTURED']);
});

test('webhook-reorder: an event that nothing follows arrives after its time', async () => {
  const receiver = await openReceiver();
  const { capture, faults } = await openSandbox({ webhook: { url: receiver.url } });
  await faults([{ operation: 'webhook', fault: 'webhook-reorder', count: 1, delayMs: 30 }]);
  const id = await capture(p2pBody());
  expect(await receiver.next()).toMatchObject({ id, status: 'CAPTURED' });
});

test('webhook-bad-signature: the signature is not that of the secret', async () => {
  const receiver = await openReceiver();
  const { capture, faults } = await openSandbox({ webhook: { url: receiver.url, secret: 's' } });
  await faults([{ operation: 'webhook', fault: 'webhook-bad-signature', count: 1 }]);
  await capture(p2pBody());
  await capture(p2pBody());
  for (const isGood of [false, true]) {
    const { event, data, signature } = JSON.parse((await receiver.next()).text);
    const right = JSON.parse(signDelivery({ form: 'body', event, data }, 's').body).signature;
    expect(signature === right).toBe(isGood);
  }
});

test('webhook-before-response: the receiver has the event before the caller has the answer', async () => {
  const order: string[] = [];
  const receiver = await openReceiver((response) => {
    order.push('event');
    response.end();
  });
  const { post, faults } = await openSandbox({ webhook: { url: receiver.url } });
  const { body } = await post('/sandbox/payments', p2pBody());
  await faults([{ operation: 'capture', fault: 'webhook-before-response' }]);
  await post(`/sandbox/payments/${body.id}/captured`);
  order.push('answer');
  expect(order).toEqual(['event', 'answer']);
});

test.each([
  ['twin', 'capture'],
  ['missing-fields', 'create'],
  ['lag', 'read'],
  ['webhook-delay', 'create'],
  ['500', 'webhook'],
])('a rule that could never fire is refused: %s of %s', async (fault, operation) => {
  const { faults } = await openSandbox();
  expect(await faults([{ operation, fault }])).toMatchObject({ status: 400, body: { code: '11' } });
});

test('a rule for every operation hits calls and leaves deliveries and control routes alone', async () => {
  const { get, post, faults } = await openSandbox();
  await faults([{ operation: '*', fault: '500' }]);
  expect((await post('/sandbox/payments', p2pBody())).status).toBe(500);
  expect((await get('/sandbox/accounts')).status).toBe(500);
  expect((await get('/_sandbox/ledger')).status).toBe(200);
});

test('the report says how often each rule was asked and fired', async () => {
  const { get, faults } = await openSandbox();
  const rules = [
    { operation: 'list', fault: '500', count: 2 },
    { operation: 'list', fault: '429', count: 1 },
  ];
  await faults(rules, 7);
  const statuses: number[] = [];
  for (let n = 0; n < 4; n += 1) statuses.push((await get('/sandbox/payments')).status);
  expect(statuses).toEqual([500, 500, 429, 200]);
  expect((await get('/_sandbox/faults')).body).toEqual({
    seed: 7,
    rules: [
      { ...rules[0], matched: 4, fired: 2 },
      { ...rules[1], matched: 2, fired: 1 },
    ],
    calls: 4,
    fired: { '500': 2, '429': 1 },
  });
});

test('the same seed decides the same way, another seed differently, near the probability asked for', async () => {
  const noAnswer = (): typeof NO_ANSWER => NO_ANSWER;
  const call: CleanCall = {
    // Nothing that this fault looks at.
    sandbox: {} as Sandbox,
    request: { id: '', query: {}, body: undefined },
    run: () => true,
    wire: { reset: noAnswer, refuse: noAnswer, send: async () => NO_ANSWER },
  };
  const decide = async (seed: number): Promise<boolean[]> => {
    const faults = createFaults();
    faults.replace({ seed, rules: [{ operation: 'read', fault: '500', probability: 0.3 }] });
    const outcomes: boolean[] = [];
    for (let n = 0; n < 2_000; n += 1) {
      const answer = (async () => faults.answerCall('read', call))();
      outcomes.push(
        await answer.then(
          () => false,
          () => true,
        ),
      );
    }
    return outcomes;
  };
  const first = await decide(42);
  expect(await decide(42)).toEqual(first);
  expect(await decide(43)).not.toEqual(first);
  const share = first.filter(Boolean).length / first.length;
  expect(share).toBeGreaterThan(0.25);
  expect(share).toBeLessThan(0.35);
});
