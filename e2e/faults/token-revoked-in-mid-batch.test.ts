import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: two capturers are at work on a batch when Conomy ends the token that all processes share.
// Goal: the calls that were refused are repeated with a new token; nobody pauses, nothing happens twice.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack({ capturers: 2 });
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('a token revoked three times in the middle of 100 commands is renewed and costs no command', {
  timeout: 90_000,
}, async () => {
  await client.control('faults', {
    seed: 1,
    rules: [{ operation: 'capture', fault: 'revoked-token', probability: 0.1, count: 3 }],
  });
  const batch = await sendCollects(client, 100);
  await expectAllSettledOnce(client, batch, 60_000);
  expect((await client.get('/v1/pauses')).body.pauses).toEqual([]);
});
