// Scenario: ids that lead a URL elsewhere come in at every door of a running stack, byte for byte as they are.
// Goal: each is refused by name, and Conomy's own ledger shows that nothing was asked of it for any.
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';

const HOSTILE = ['../auth', 'x?y=z', '{{7*7}}', '.', '..', '%2e', 'x'.repeat(129)];

let stack: Stack;
let client: StackClient;
beforeAll(async () => {
  stack = await startTestStack();
  client = stackClient(stack);
});
afterAll(() => stack.stop());

/** What the sandbox has been asked for since it last got rules, by its own count. */
async function callsOfSandbox(): Promise<number> {
  const report = await fetch(`${stack.sandbox.url}/_sandbox/faults`);
  return ((await report.json()) as { calls: number }).calls;
}

/** The status that a path gets which no client of HTTP has tidied. */
async function statusOf(method: string, path: string): Promise<number> {
  const { hostname, port } = new URL(String(stack.apis[0]?.url));
  const socket = connect(Number(port), hostname);
  socket.write(
    `${method} ${path} HTTP/1.1\r\nhost: api\r\nconnection: close\r\ncontent-length: 0\r\nauthorization: Bearer ${stack.info.apiKey}\r\n\r\n`,
  );
  let answer = '';
  socket.on('data', (chunk) => (answer += chunk));
  await once(socket, 'close');
  return Number(answer.split(' ')[1]);
}

test('hostile ids are refused at every door, and Conomy is asked for none of them', {
  timeout: 90_000,
}, async () => {
  await client.control('faults', { seed: 1, rules: [] });
  for (const id of HOSTILE) {
    const payment = { id };
    const commands = [
      { type: 'payment.capture', payment },
      { type: 'payment.authorize', payment },
      { type: 'payment.refund', payment, amount: '1.00', currency: 'COP' },
    ];
    for (const command of commands)
      expect(await client.send(command)).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    const { body } = await client.sendBatch(commands);
    expect(body.results.map(({ status }: { status: number }) => status)).toEqual([400, 400, 400]);
    for (const path of new Set([id, encodeURIComponent(id)].filter((text) => !/[?{ ]/.test(text)))) {
      expect(await statusOf('GET', `/v1/payments/${path}`)).toBe(404);
      expect([400, 404]).toContain(await statusOf('POST', `/v1/payments/${path}/refresh`));
    }
  }
  expect(await callsOfSandbox()).toBe(0);
  expect((await client.get('/v1/commands')).body.commands).toEqual([]);
  await expectAllSettledOnce(client, await sendCollects(client, 3), 45_000);
});
