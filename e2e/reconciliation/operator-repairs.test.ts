import { randomUUID } from 'node:crypto';
import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: Conomy goes on from a state it called final (the legacy REFUNDED), and tells a status nobody knows.
// Goal: the mirror never moves by itself; a person sees both sides and repairs, and upstream is told.

let stack: Stack;
let client: StackClient;
beforeAll(async () => {
  stack = await startTestStack({ sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } } });
  client = stackClient(stack);
});
afterAll(() => stack?.stop());

async function settledPayment(): Promise<{ id: string; key: string }> {
  const { body } = await client.send(collect(randomUUID()));
  const { key } = body.command.payment;
  const { payment } = (await client.get(`/v1/payments/${key}?wait=30`)).body;
  expect(payment.status).toBe('SETTLED');
  return { id: payment.id, key };
}

const discrepanciesOf = async (key: string) =>
  (await client.get(`/v1/discrepancies?payment=${key}`)).body.discrepancies;

test('a final state that Conomy leaves stays until a person repairs it', {
  timeout: 60_000,
}, async () => {
  const { id, key } = await settledPayment();
  await client.control(`payments/${id}/transition`, { status: 'REFUNDED' });
  expect((await client.post(`/v1/payments/${key}/refresh`, {})).body.payment.status).toBe('SETTLED');
  const [found] = await discrepanciesOf(key);
  expect(found).toMatchObject({
    kind: 'final_contradicted',
    status: 'open',
    mirror: { value: { status: 'SETTLED' } },
    provider: { value: { status: 'REFUNDED' } },
  });

  const resolution = { action: 'repair', reason: 'Conomy confirmed that it was given back' };
  const { body } = await client.post(`/v1/discrepancies/${found.id}/resolve`, resolution);
  expect(body.discrepancy).toMatchObject({ status: 'repaired', reason: resolution.reason });
  const { payment } = (await client.get(`/v1/payments/${key}`)).body;
  expect(payment).toMatchObject({ status: 'REFUNDED', mirror: { cause: 'operator', final: true } });

  const events = (await client.get('/v1/events?limit=200')).body.events as { paymentKey: string }[];
  expect(events.filter(({ paymentKey }) => paymentKey === key).at(-1)).toMatchObject({
    type: 'payment.moved',
    payment: { status: 'REFUNDED', final: true },
  });
  const { entries } = (await client.get(`/v1/payments/${key}/timeline`)).body;
  const kinds = entries.map(({ kind }: { kind: string }) => kind);
  expect(kinds).toContain('discrepancy');
  expect(kinds).toContain('notification');
});

test('a status nobody knows is told, and explained by the next read that tells a known one', {
  timeout: 60_000,
}, async () => {
  await client.control('config', { timers: { capturedToReceivedMs: null, receivedToSettledMs: null } });
  const { body } = await client.send({ ...collect(randomUUID()), then: undefined });
  const { payment } = (await client.get(`/v1/commands/${body.command.id}?wait=30`)).body.command;
  const faults = { seed: 1, rules: [{ operation: 'read', fault: 'unknown-status', count: 1 }] };
  await client.control('faults', faults);
  await client.post(`/v1/payments/${payment.key}/refresh`, {});
  expect(await discrepanciesOf(payment.key)).toMatchObject([{ kind: 'unknown_status' }]);
  await client.post(`/v1/payments/${payment.key}/refresh`, {});
  expect(await discrepanciesOf(payment.key)).toMatchObject([
    { kind: 'unknown_status', status: 'explained', endedBy: 'capstan' },
  ]);
  expect((await client.get(`/v1/payments/${payment.key}`)).body.payment.status).toBe('CREATED');
});
