import { randomUUID } from 'node:crypto';
import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: Conomy holds a capture for a review and wants a document; the document is handed in and the review approved.
// Goal: the document goes beside the capture that waits, once; upstream is told of each; the payment settles.

let stack: Stack;
let client: StackClient;
beforeAll(async () => {
  stack = await startTestStack({ sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } } });
  client = stackClient(stack);
  await client.control('config', { review: { thresholds: { COP: '1.00' } } });
});
afterAll(() => stack?.stop());

test('a payment under review is given a document and goes on once it is approved', {
  timeout: 60_000,
}, async () => {
  const externalId = randomUUID();
  const create = (await client.send(collect(externalId))).body.command;
  // Handed in at once, before anybody knows whether the payment will be held.
  const document = { type: 'source_of_funds', url: 'https://files.example/funds.pdf' };
  const submission = { type: 'payment.submit-document', payment: { externalId }, document };
  const { body } = await client.send(submission);
  expect(body.command).toMatchObject({ status: 'blocked', steps: [{ operation: 'submit_document' }] });
  const submitted = (await client.get(`/v1/commands/${body.command.id}?wait=30`)).body.command;
  expect(submitted).toMatchObject({ status: 'succeeded', payment: { final: false } });

  const held = await until(
    async () => {
      const { command } = (await client.get(`/v1/commands/${create.id}`)).body;
      return command.waitsFor === 'review' && command;
    },
    { deadlineMs: 30_000, what: 'the capture waits for the review' },
  );
  expect(held).toMatchObject({ status: 'executing', payment: { status: 'REQUIRES_REVIEW' } });
  const shown = await until(
    async () => {
      const { payment } = (await client.get(`/v1/payments/${create.payment.key}`)).body;
      return payment.documentationStatus === 'UPLOADED' && payment;
    },
    { deadlineMs: 30_000, what: 'the mirror shows the document' },
  );

  await client.control(`payments/${shown.id}/transition`, { status: 'CAPTURED' });
  const ended = (await client.get(`/v1/commands/${create.id}?wait=15`)).body.command;
  expect(ended.steps.map(({ status }: { status: string }) => status)).toEqual(['succeeded', 'succeeded']);
  const { payment } = (await client.get(`/v1/payments/${create.payment.key}?wait=30`)).body;
  expect(payment).toMatchObject({ status: 'SETTLED', mirror: { final: true } });

  const { events } = (await client.get('/v1/events?limit=200')).body;
  const told = events.filter(({ type }: { type: string }) => type === 'command.succeeded');
  expect(told.map(({ command }: { command: { id: string } }) => command.id).sort()).toEqual(
    [create.id, submitted.id].sort(),
  );
  const [paid] = (await client.ledger()).payments;
  expect(paid).toMatchObject({ documents: 1, effects: { create: 1, capture: 1 } });
});
