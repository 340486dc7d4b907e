import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capturedOf, expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: the only capturer is killed while 200 commands are at work, some calls under way.
// Goal: after a restart every payment is settled, and none was created or captured twice.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  // Short calls make short claims, so that the dead worker's commands are taken over within seconds; a call that
  // died before its effect is sent again only after absence was established, here over 3 s instead of 45 s.
  const capturer = { CONOMY_CALL_TIMEOUT_MS: '1000', ABSENCE_SPAN_MS: '3000', CAPTURER_CONCURRENCY: '10' };
  stack = await startTestStack({ env: { capturer } });
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('kill -9 of the capturer in the middle of 200 commands loses none and moves no money twice', {
  timeout: 120_000,
}, async () => {
  const batch = await sendCollects(client, 200);
  await until(async () => (await capturedOf(client, batch)) >= 40, {
    deadlineMs: 30_000,
    what: 'a part of the commands to be captured',
  });
  const [capturer] = stack.capturers;
  await capturer?.kill('SIGKILL');
  expect(await capturedOf(client, batch)).toBeLessThan(200);
  await capturer?.restart();
  await expectAllSettledOnce(client, batch, 90_000);
});
