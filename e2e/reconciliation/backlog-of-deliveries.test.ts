import { createHmac, randomUUID } from 'node:crypto';
import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: the receiver was away for a day, and all that Conomy has to tell comes at once, most of it stale or repeated.
// Goal: each delivery is acknowledged within the ten seconds Conomy waits, and commands go on meanwhile.

const BACKLOG = 2_000;
const AT_ONCE = 50;
const ANSWER_MS_MAX = 10_000;

let stack: Stack;
let client: StackClient;
beforeAll(async () => {
  stack = await startTestStack({ sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } } });
  client = stackClient(stack);
});
afterAll(() => stack?.stop());

function signed(id: string, externalId: string, nth: number): string {
  const status = nth % 2 === 0 ? 'CAPTURED' : 'RECEIVED';
  const amounts = { purchaseAmount: '30000.00', totalAmount: '30000.00', currency: 'COP' };
  const event = `Transaction.${status === 'CAPTURED' ? 'Captured' : 'Received'}`;
  // The copies of one event differ in their bytes, as from a sender that writes its members in another order.
  const transaction = {
    id,
    externalId,
    status,
    ...amounts,
    ...(nth % 3 === 0 ? { description: String(nth) } : {}),
  };
  const body = { event, data: { transaction } };
  const signature = createHmac('sha256', stack.info.webhookSecret).update(JSON.stringify(body)).digest('hex');
  return JSON.stringify({ ...body, signature });
}

test('a day of deliveries at once is acknowledged in time and starves no command', {
  timeout: 160_000,
}, async () => {
  const before = await sendCollects(client, 20);
  await expectAllSettledOnce(client, before, 30_000);
  const known = await askDatabase<{ id: string; externalId: string }>(
    stack,
    'select conomy_id as id, external_id as "externalId" from payments',
  );
  const mirrors = () =>
    askDatabase(stack, 'select key, status, version from payments where key = any($1)', [keys]);
  const keys = (await askDatabase<{ key: string }>(stack, 'select key from payments')).map(({ key }) => key);
  const untouched = await mirrors();

  let next = 0;
  let slowestMs = 0;
  const deliver = async () => {
    while (next < BACKLOG) {
      const nth = next++;
      const payment = known[nth % known.length];
      const body = signed(payment?.id ?? '', payment?.externalId ?? randomUUID(), nth);
      const startedAtMs = performance.now();
      const answer = await fetch(`${stack.apis[0]?.url}/webhooks/conomy`, { method: 'POST', body });
      await answer.arrayBuffer();
      expect(answer.status).toBe(200);
      slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
    }
  };
  const delivering = Promise.all(Array.from({ length: AT_ONCE }, deliver));
  const during = await sendCollects(client, 20);
  await delivering;
  expect(slowestMs).toBeLessThan(ANSWER_MS_MAX);
  await expectAllSettledOnce(client, during, 60_000);
  await until(
    async () =>
      (await askDatabase(stack, 'select from webhook_deliveries where applied_at is null limit 1')).length ===
      0,
    { deadlineMs: 60_000, what: 'every delivery to be applied' },
  );
  // Old deliveries move nothing that is final, and cause no alarm.
  expect(await mirrors()).toEqual(untouched);
  expect((await client.get('/v1/discrepancies')).body.discrepancies).toEqual([]);
});
