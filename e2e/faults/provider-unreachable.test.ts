import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: Conomy cannot be reached at all when a command comes in.
// Goal: the command waits as `executing`, each try is on record as not sent, and nothing is lost.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack();
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('a command waits while the provider is unreachable and no try counts against it', {
  timeout: 60_000,
}, async () => {
  await stack.sandbox.stop();
  const { status, body } = await client.send(collect());
  expect(status).toBe(202);
  const command = await until(
    async () => {
      const answer = await client.get(`/v1/commands/${body.command.id}`);
      return answer.body.command.attempts.length >= 2 && answer.body.command;
    },
    { deadlineMs: 20_000, what: 'two tries' },
  );
  expect(command.status).toBe('executing');
  for (const attempt of command.attempts) {
    if (attempt.finishedAt) expect(attempt).toMatchObject({ operation: 'create', outcome: 'retryable' });
  }
  await stack.sandbox.restart();
  await until(
    async () => (await client.get(`/v1/commands/${body.command.id}`)).body.command.status === 'succeeded',
    {
      deadlineMs: 25_000,
      what: 'the command to succeed once the provider is back',
    },
  );
});
