import { randomUUID } from 'node:crypto';
import type { Stack } from '@capstan/local-stack/stack';
import { queueBackend } from '@capstan/shared/queue/backend';
import { QUEUES } from '@capstan/shared/queue/catalogue';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: what comes in is made to break things: bodies, webhooks and jobs.
// Goal: each is refused by name or dropped, nothing ends by it, and what is good beside it runs.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack();
  client = stackClient(stack);
});
afterAll(() => stack.stop());

const sendText = (body: string, contentType = 'application/json') =>
  fetch(`${stack.apis[0]?.url}/v1/commands`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${stack.info.apiKey}`,
      'content-type': contentType,
      'idempotency-key': randomUUID(),
    },
    body,
  });

const poisoned = (change: Record<string, unknown>) => {
  const command = collect();
  return JSON.stringify({ ...command, payment: { ...command.payment, ...change } });
};

test.each<[what: string, body: string]>([
  ['cut JSON', '{"type":"payment.create"'],
  ['JSON nested ten thousand deep', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['a member given twice', '{"type":"payment.create","type":"payment.refund"}'],
  ['a prototype', '{"type":"payment.create","__proto__":{"admin":true},"payment":{}}'],
  ['a NUL in the externalId', poisoned({ externalId: 'a\u0000b' })],
  ['half a surrogate pair in the externalId', poisoned({ externalId: 'a' }).replace('"a"', '"\\ud800"')],
  ['an amount of a thousand digits', poisoned({ purchaseAmount: '9'.repeat(1_000) })],
  ['an amount that is a number', poisoned({ purchaseAmount: 30_000 })],
  ['a member no rail knows', poisoned({ surprise: 'x' })],
])('%s is refused with a problem and nothing is kept', async (_what, body) => {
  const before = (await client.get('/v1/commands?limit=200')).body.commands.length;
  const answer = await sendText(body);
  expect([400, 422]).toContain(answer.status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(((await answer.json()) as { code: string }).code).toMatch(/^[a-z_]+$/);
  expect((await client.get('/v1/commands?limit=200')).body.commands).toHaveLength(before);
});

test('jobs, webhooks and commands that cannot be read do not keep the good ones from running', {
  timeout: 60_000,
}, async () => {
  for (const { name } of Object.values(QUEUES)) {
    const { Queue } = queueBackend(stack.queue.url).classes;
    const queue = new Queue(name, { connection: queueBackend(stack.queue.url).working as never });
    for (const data of [null, 'text', { commandId: 'not-an-id' }, { commandId: randomUUID(), epoch: -1 }])
      await queue.add('poison', data);
    await queue.close();
  }
  for (const body of ['', '{', 'null', '[]', '\u0000', JSON.stringify({ a: 'b'.repeat(100_000) })]) {
    const answer = await fetch(`${stack.apis[0]?.url}/webhooks/conomy`, { method: 'POST', body });
    expect(answer.status).toBe(401);
  }
  await expectAllSettledOnce(client, await sendCollects(client, 20), 45_000);
});
