import type { Stack } from '@capstan/local-stack/stack';
import { createConomyClient } from '@capstan/shared/provider/conomy/client';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: Conomy answers, and the answer invites a mistake: rows without the fields that identify a payment, two payments
// of one name, a refusal of what was done already, reads that show the state of before.
// Goal: nothing is done twice, and nothing is believed that is not so.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  const capturer = { CONOMY_CALL_TIMEOUT_MS: '1500', ABSENCE_SPAN_MS: '3000' };
  stack = await startTestStack({ env: { capturer } });
  client = stackClient(stack);
});
afterAll(() => stack.stop());
beforeEach(() => setFaults());

const setFaults = (...rules: object[]) => client.control('faults', { seed: 1, rules });
const viewOf = async (id: string) => (await client.get(`/v1/commands/${id}`)).body.command;

async function send(command: object): Promise<string> {
  const { status, body } = await client.send(command);
  expect(status).toBe(202);
  return body.command.id;
}

const endOf = (id: string) =>
  until(
    async () => {
      const command = await viewOf(id);
      return ['succeeded', 'rejected', 'parked'].includes(command.status) && command;
    },
    { deadlineMs: 30_000, what: `command ${id} to end` },
  );

async function paymentsOf(externalId: string) {
  const { payments } = await client.ledger();
  return payments.filter((payment) => payment.externalId === externalId);
}

async function expectSettled(key: string): Promise<void> {
  await until(async () => (await client.get(`/v1/payments/${key}`)).body.payment.status === 'SETTLED', {
    deadlineMs: 20_000,
    what: `payment ${key} to be settled`,
  });
}

test('list rows that lack the externalId are read one by one, and ours is found among them', {
  timeout: 45_000,
}, async () => {
  await setFaults(
    { operation: 'create', fault: 'reset-after', count: 1 },
    { operation: 'list', fault: 'missing-fields' },
  );
  const command = collect();
  const { status, attempts } = await endOf(await send(command));
  expect(status).toBe('succeeded');
  expect(attempts[0]).toMatchObject({ operation: 'create', outcome: 'unknown', resolution: 'succeeded' });
  expect(await paymentsOf(command.payment.externalId)).toMatchObject([
    { effects: { create: 1, capture: 1 } },
  ]);
});

test('two payments with our externalId after a lost answer are left to a person, and neither is captured', {
  timeout: 45_000,
}, async () => {
  await setFaults({ operation: 'create', fault: 'commit-then-timeout', count: 1 });
  const command = collect();
  const { externalId } = command.payment;
  const id = await send(command);
  await until(async () => (await paymentsOf(externalId)).length === 1, {
    deadlineMs: 10_000,
    what: 'the payment of the lost answer',
  });
  const somebodyElse = createConomyClient({
    ...stack.info.conomy,
    apiVersion: '24-04-2025',
    userAgent: 'Somebody-else/1',
  });
  expect(await somebodyElse.createPayment(JSON.stringify(command.payment))).toMatchObject({ ok: true });
  await somebodyElse.close();
  expect(await endOf(id)).toMatchObject({
    status: 'parked',
    problem: { code: 'several_payments_found' },
  });
  expect((await paymentsOf(externalId)).map(({ effects }) => effects.capture)).toEqual([0, 0]);
});

test('of two payments with our externalId the one that was answered is captured, the twin never', async () => {
  await setFaults({ operation: 'create', fault: 'twin', count: 1 });
  const command = collect();
  const { status, payment } = await endOf(await send(command));
  expect(status).toBe('succeeded');
  const made = await paymentsOf(command.payment.externalId);
  expect(made.map(({ id, effects }) => [id === payment.id, effects.capture])).toEqual([
    [true, 1],
    [false, 0],
  ]);
});

test('a 422 to the capture of a payment that is captured already is a success', async () => {
  await setFaults({ operation: 'webhook', fault: 'webhook-drop' });
  const created = collect();
  const { payment } = await endOf(await send({ ...created, then: undefined }));
  // Somebody captures it at Conomy, and no event of that arrives.
  await client.control(`payments/${payment.id}/transition`, { status: 'CAPTURED' });
  const { status, attempts } = await endOf(
    await send({ type: 'payment.capture', payment: { id: payment.id } }),
  );
  expect(status).toBe('succeeded');
  expect(attempts).toMatchObject([
    { operation: 'capture', outcome: 'unknown', resolution: 'succeeded', provider: { status: 422 } },
  ]);
  expect(await paymentsOf(created.payment.externalId)).toMatchObject([{ effects: { capture: 1 } }]);
});

test('reads that still show the state before the capture do not take the mirror back, and nothing is sent again', {
  timeout: 45_000,
}, async () => {
  await setFaults(
    { operation: 'capture', fault: 'lag', delayMs: 4_000, count: 1 },
    { operation: 'webhook', fault: 'webhook-drop' },
  );
  const command = collect();
  const { status, payment } = await endOf(await send(command));
  expect([status, payment.status]).toEqual(['succeeded', 'CAPTURED']);
  await expectSettled(payment.key);
  const { entries } = (await client.get(`/v1/payments/${payment.key}/timeline`)).body;
  const moves = entries.filter(({ kind }: { kind: string }) => kind === 'move');
  expect(moves.map(({ to }: { to: string }) => to)).not.toContain(undefined);
  expect(moves.map(({ to }: { to: string }) => to).indexOf('CREATED')).toBe(0);
  expect(moves.map(({ to }: { to: string }) => to).lastIndexOf('CREATED')).toBe(0);
  expect(await paymentsOf(command.payment.externalId)).toMatchObject([
    { effects: { create: 1, capture: 1 } },
  ]);
});
