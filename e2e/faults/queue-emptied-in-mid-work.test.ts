import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capturedOf, expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: every job vanishes from the queue while 200 commands are at work.
// Goal: the relay rebuilds the jobs from the tables; every payment is settled, none twice.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack({ env: { capturer: { CAPTURER_CONCURRENCY: '5' } } });
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('emptying the queue in the middle of 200 commands costs time and nothing else', {
  timeout: 120_000,
}, async () => {
  const batch = await sendCollects(client, 200);
  await until(async () => (await capturedOf(client, batch)) >= 20, {
    deadlineMs: 30_000,
    what: 'a part of the commands to be captured',
  });
  await stack.queue.flush();
  expect(await capturedOf(client, batch)).toBeLessThan(200);
  await expectAllSettledOnce(client, batch, 90_000);
});
