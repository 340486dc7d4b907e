import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: the clocks of the services' machines are ten minutes ahead of PostgreSQL's and Conomy's, or behind.
// Goal: claims, waits and deadlines go by the database's clock, so nothing is sent twice and nothing waits for minutes.

const shifted = (minutes: number) => ({
  CLOCK_SHIFT_MINUTES: String(minutes),
  NODE_OPTIONS: `--import ${new URL('../support/shift-clock.mjs', import.meta.url).href}`,
});

describe.each([
  ['ahead in the capturers and behind elsewhere', 10, -10],
  ['behind in the capturers and ahead elsewhere', -10, 10],
])('clocks that are ten minutes %s', (_what, capturers, others) => {
  let stack: Stack;
  let client: StackClient;

  beforeAll(async () => {
    const capturer = { ...shifted(capturers), CONOMY_CALL_TIMEOUT_MS: '1500', ABSENCE_SPAN_MS: '3000' };
    stack = await startTestStack({
      capturers: 2,
      env: { api: shifted(others), capturer, reconciler: shifted(others) },
    });
    client = stackClient(stack);
  });
  afterAll(() => stack.stop());

  test('change nothing about payments whose answers are lost', { timeout: 60_000 }, async () => {
    // Not enough in a row to open the breaker, which would only make it slow.
    await client.control('faults', {
      seed: 1,
      rules: [
        { operation: 'create', fault: 'commit-then-500', count: 2 },
        { operation: 'capture', fault: 'reset-after', count: 2 },
        { operation: 'capture', fault: 'reset-before', count: 1 },
      ],
    });
    await expectAllSettledOnce(client, await sendCollects(client, 20), 45_000);
  });

  test('do not move the instant by which a command must have begun', async () => {
    await client.control('faults', { seed: 1, rules: [] });
    const in30s = new Date(Date.now() + 30_000).toISOString();
    const { body } = await client.send({ ...collect(), notAfter: in30s });
    await until(
      async () => (await client.get(`/v1/commands/${body.command.id}`)).body.command.status === 'succeeded',
      { deadlineMs: 20_000, what: 'a command to succeed within its time' },
    );
    const past = new Date(Date.now() - 30_000).toISOString();
    expect(await client.send({ ...collect(), notAfter: past })).toMatchObject({ status: 400 });
  });
});
