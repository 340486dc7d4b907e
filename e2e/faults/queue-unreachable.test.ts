import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: the queue is gone while commands come in. Only Redis can be away while PostgreSQL is there.
// Goal: they are accepted all the same, and run once the queue is back.

describe.runIf(inject('capstan').queueChoice.kind === 'redis')('with Redis as queue', () => {
  let stack: Stack;
  let client: StackClient;

  beforeAll(async () => {
    stack = await startTestStack();
    client = stackClient(stack);
  });
  afterAll(() => stack.stop());

  test('commands are accepted while it is down and run when it is back', { timeout: 90_000 }, async () => {
    await stack.queue.kill?.('SIGKILL');
    const batch = await sendCollects(client, 20);
    const ready = await until(
      async () => {
        const answer = await client.get('/readyz');
        return answer.body.status === 'degraded' && answer;
      },
      { deadlineMs: 10_000, what: 'the api to say that it is degraded' },
    );
    expect(ready.status).toBe(200);
    await stack.queue.restart?.();
    await expectAllSettledOnce(client, batch, 60_000);
  });
});
