import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: Conomy sends no webhook at all.
// Goal: every payment closes by reads alone.

let stack: Stack;
let client: StackClient;
beforeAll(async () => {
  stack = await startTestStack({
    sandbox: { timers: { capturedToReceivedMs: 500, receivedToSettledMs: 500 } },
  });
  client = stackClient(stack);
  await client.control('config', { webhook: { url: '' } });
});
afterAll(() => stack?.stop());

test('payments settle without a single webhook', { timeout: 60_000 }, async () => {
  await expectAllSettledOnce(client, await sendCollects(client, 20), 45_000);
  const told = await askDatabase(stack, 'select count(*)::int as deliveries from webhook_deliveries');
  expect(told).toEqual([{ deliveries: 0 }]);
  const causes = await askDatabase(stack, `select distinct cause from journal where to_status = 'SETTLED'`);
  expect(causes).toEqual([{ cause: 'read' }]);
});
