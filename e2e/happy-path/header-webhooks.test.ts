import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: Conomy signs its deliveries in a header and announces every state, as its repository documents say.
// Goal: they verify and are applied like the newest form, and SETTLED is still believed only when it was read.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack();
  client = stackClient(stack);
  await client.control('config', { webhook: { form: 'header' } });
});
afterAll(() => stack.stop());

test('a payment settles with header-signed deliveries, and its final state was entered by a read', async () => {
  const { body } = await client.send(collect());
  const { key } = body.command.payment;
  const { payment } = (await client.get(`/v1/payments/${key}?wait=30`)).body;
  expect(payment).toMatchObject({ status: 'SETTLED', mirror: { final: true, cause: 'read' } });
  const { entries } = (await client.get(`/v1/payments/${key}/timeline`)).body;
  const events = entries
    .filter(({ kind }: { kind: string }) => kind === 'delivery')
    .map(({ event }: { event: string }) => event);
  expect(events).toContain('transaction.status_changed');
});
