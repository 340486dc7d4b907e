import { createHmac, randomUUID } from 'node:crypto';
import type { Stack } from '@capstan/local-stack/stack';
import { type ConomyClient, createConomyClient } from '@capstan/shared/provider/conomy/client';
import { collectBody } from '@capstan/testing/create-bodies';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: webhooks come before the answer of their call, about payments somebody else made, and about none at all.
// Goal: each is kept, finds its payment where there is one, and is told to a person where there is none.

let stack: Stack;
let client: StackClient;
let conomy: ConomyClient;
beforeAll(async () => {
  stack = await startTestStack({ sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } } });
  client = stackClient(stack);
  conomy = createConomyClient({
    ...stack.info.conomy,
    apiVersion: '24-04-2025',
    userAgent: 'somebody-else/1',
  });
});
afterAll(async () => {
  await conomy?.close();
  await stack?.stop();
});

async function deliver(transaction: object): Promise<void> {
  const body = { event: 'Transaction.Captured', data: { transaction } };
  const signature = createHmac('sha256', stack.info.webhookSecret).update(JSON.stringify(body)).digest('hex');
  const answer = await fetch(`${stack.apis[0]?.url}/webhooks/conomy`, {
    method: 'POST',
    body: JSON.stringify({ ...body, signature }),
  });
  expect(answer.status).toBe(200);
}

/** Two minutes pass for the deliveries of a payment. */
async function letTimePass(conomyId: string): Promise<void> {
  await until(
    async () =>
      (
        await askDatabase(
          stack,
          `update webhook_deliveries set received_at = received_at - interval '2 minutes', offer_at = now()
           where conomy_id = $1 and result = 'unmatched' returning id`,
          [conomyId],
        )
      ).length > 0,
    { deadlineMs: 10_000, what: 'the delivery to be applied and found unmatched' },
  );
}

async function discrepancyOf(conomyId: string) {
  return until(
    async () => {
      const { body } = await client.get('/v1/discrepancies?status=open');
      const found = body.discrepancies as { kind: string; paymentId: string }[];
      return found.find(({ paymentId }) => paymentId === conomyId) ?? null;
    },
    { deadlineMs: 20_000, what: `a discrepancy of ${conomyId}` },
  );
}

test('a webhook that is there before the answer of its call does no harm', {
  timeout: 60_000,
}, async () => {
  await client.control('faults', {
    seed: 1,
    rules: [{ operation: 'capture', fault: 'webhook-before-response', count: 1 }],
  });
  const { body } = await client.send(collect(randomUUID()));
  const { payment } = (await client.get(`/v1/payments/${body.command.payment.key}?wait=30`)).body;
  expect(payment.status).toBe('SETTLED');
  const { command } = (await client.get(`/v1/commands/${body.command.id}`)).body;
  expect(command.status).toBe('succeeded');
  await client.control('faults', { seed: 1, rules: [] });
});

test('one about a payment that somebody else made is told to a person, who may have it mirrored', {
  timeout: 60_000,
}, async () => {
  const made = await conomy.createPayment(JSON.stringify(collectBody(randomUUID())));
  if (!made.ok) throw new Error(made.failure.reason);
  const { id } = made.value;
  await deliver({ id, status: 'CAPTURED', totalAmount: '30000.00', currency: 'COP' });
  await letTimePass(id);
  expect(await discrepancyOf(id)).toMatchObject({ kind: 'missing_here' });
  const [found] = (await client.get('/v1/discrepancies?kind=missing_here')).body.discrepancies;
  await client.post(`/v1/discrepancies/${found.id}/resolve`, { action: 'repair', reason: 'made by hand' });
  expect((await client.get(`/v1/payments/${id}`)).body.payment).toMatchObject({ id, status: 'CREATED' });
});

test('one about no payment at all is told to a person', { timeout: 60_000 }, async () => {
  const id = randomUUID().replaceAll('-', '').slice(0, 24);
  await deliver({ id, status: 'CAPTURED', totalAmount: '30000.00', currency: 'COP' });
  await letTimePass(id);
  expect(await discrepancyOf(id)).toMatchObject({ kind: 'orphan_delivery' });
});
