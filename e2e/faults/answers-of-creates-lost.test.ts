import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: Conomy makes every payment of a batch and loses the answers of many creates: a failure, a reset, half of it.
// Goal: each payment is found by reading, soon after its answer was lost, and none is made twice.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack();
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('payments whose creates were answered with a failure are found, half of them by the first or second read', {
  timeout: 90_000,
}, async () => {
  const lost = ['commit-then-500', 'reset-after', 'cut-json', 'empty-body', 'html'];
  await client.control('faults', {
    seed: 1,
    rules: lost.map((fault) => ({ operation: 'create', fault, probability: 0.08 })),
  });
  const batch = await sendCollects(client, 80);
  await expectAllSettledOnce(client, batch, 60_000);
  const found = await askDatabase<{ resolution: string | null; reads: number }>(
    stack,
    `select resolution, (select count(*)::int from attempt_reads r where r.attempt_id = a.id) as reads
     from attempts a where operation = 'create' and outcome = 'unknown' order by reads`,
  );
  expect(found.length).toBeGreaterThan(10);
  expect(found.filter(({ resolution }) => resolution !== 'succeeded')).toEqual([]);
  expect(found[Math.floor(found.length / 2)]?.reads).toBeLessThanOrEqual(2);
});
