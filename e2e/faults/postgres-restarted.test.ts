import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capturedOf, expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: PostgreSQL dies in the middle of the work and comes back a little later.
// Goal: meanwhile the api says 503 and is not ready; afterwards everything ends as if nothing had happened.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  const capturer = { CONOMY_CALL_TIMEOUT_MS: '1000', ABSENCE_SPAN_MS: '3000', CAPTURER_CONCURRENCY: '5' };
  stack = await startTestStack({ postgres: 'own', env: { capturer } });
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('PostgreSQL killed in the middle of 100 commands: refused clearly meanwhile, settled once afterwards', {
  timeout: 160_000,
}, async () => {
  const batch = await sendCollects(client, 100);
  await until(async () => (await capturedOf(client, batch)) >= 10, {
    deadlineMs: 30_000,
    what: 'a part of the commands to be captured',
  });
  await stack.postgres?.kill('SIGKILL');
  const refused = await client.send(collect());
  expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(refused.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect((await client.get('/readyz')).status).toBe(503);
  expect((await client.get('/healthz')).status).toBe(200);
  await stack.postgres?.restart();
  await until(async () => (await client.get('/readyz')).status === 200, {
    deadlineMs: 30_000,
    what: 'the api to be ready again',
  });
  await expectAllSettledOnce(client, batch, 90_000);
});
