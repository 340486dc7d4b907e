import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: a caller gives back a part of a settled payment and wants to know what became of it.
// Goal: from the command, from the payment and from the events the refund is found without guessing.

let stack: Stack;
let client: StackClient;
beforeAll(async () => {
  stack = await startTestStack({ sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } } });
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('a refund is followed from its command, from its payment and from the events', async () => {
  const create = collect();
  const { body: created } = await client.send(create);
  const { key } = created.command.payment;
  const read = await client.get(`/v1/commands/${created.command.id}`);
  expect(read.body.command.asked).toEqual({ payment: create.payment });
  const settled = await until(
    async () => {
      const { payment } = (await client.get(`/v1/payments/${key}`)).body;
      return payment.status === 'SETTLED' && payment;
    },
    { deadlineMs: 20_000, what: 'the payment to settle' },
  );
  const notAfter = '2099-01-01T00:00:00Z';
  const refund = { amount: '10000.00', currency: 'COP', reason: 'one of three came broken', notAfter };
  const sent = await client.send({ type: 'payment.refund', payment: { id: settled.id }, ...refund });
  const { id } = sent.body.command;
  const asked = { reason: refund.reason, notAfter: expect.stringContaining('2099-01-01T00:00:00') };
  expect(sent.body.command).toMatchObject({ refund: { amount: '10000.00', currency: 'COP' } });

  const { command } = (await client.get(`/v1/commands/${id}?wait=20`)).body;
  expect(command).toMatchObject({ status: 'succeeded', asked });
  expect(command.refund).toEqual({ paymentId: expect.any(String), amount: '10000.00', currency: 'COP' });
  const { paymentId } = command.refund;
  const [listed] = (await client.get(`/v1/commands?status=succeeded&type=payment.refund`)).body.commands;
  expect(listed.refund).toEqual(command.refund);

  for (const parent of [key, settled.id]) {
    const { payments } = (await client.get(`/v1/payments?parent=${parent}`)).body;
    expect(payments.map(({ id: of }: { id: string }) => of)).toEqual([paymentId]);
  }
  expect((await client.get(`/v1/payments?parent=${paymentId}`)).body.payments).toEqual([]);
  expect((await client.get('/v1/payments?parent=a%20b')).status).toBe(400);

  const { events } = (await client.get('/v1/events?limit=200')).body;
  const of = (wanted: object) =>
    events.filter((event: object) => expect.objectContaining(wanted).asymmetricMatch(event));
  expect(of({ paymentId, parentId: settled.id, type: 'payment.moved' }).length).toBeGreaterThan(0);
  expect(of({ paymentKey: key, parentId: settled.id })).toEqual([]);
  expect(of({ commandId: id })).toMatchObject([
    { type: 'command.succeeded', paymentKey: key, externalId: create.payment.externalId },
  ]);
});
