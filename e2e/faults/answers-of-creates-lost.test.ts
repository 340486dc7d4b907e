import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: Conomy makes every payment of a batch and loses the answers of many creates: a failure, a reset, half of it.
// Goal: each payment is found by reading, soon after its answer was lost, and none is made twice.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack();
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('payments whose creates were answered with a failure are found, the median within five seconds', {
  timeout: 90_000,
}, async () => {
  const lost = ['commit-then-500', 'reset-after', 'cut-json', 'empty-body', 'html'];
  await client.control('faults', {
    seed: 1,
    rules: lost.map((fault) => ({ operation: 'create', fault, probability: 0.08 })),
  });
  const batch = await sendCollects(client, 80);
  await expectAllSettledOnce(client, batch, 60_000);
  const knownAfterMs: number[] = [];
  for (const id of batch.ids) {
    const { attempts } = (await client.get(`/v1/commands/${id}`)).body.command;
    if (attempts[0].outcome !== 'unknown') continue;
    expect(attempts[0]).toMatchObject({ operation: 'create', resolution: 'succeeded' });
    knownAfterMs.push(Date.parse(attempts[0].resolvedAt) - Date.parse(attempts[0].finishedAt));
  }
  knownAfterMs.sort((a, b) => a - b);
  expect(knownAfterMs.length).toBeGreaterThan(10);
  expect(knownAfterMs[Math.floor(knownAfterMs.length / 2)]).toBeLessThan(5_000);
});
