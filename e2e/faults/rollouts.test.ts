import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { capturedOf, expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: services are stopped and started again while commands are at work, as rollouts do; a call takes longer than a
// stop may wait, or somebody will not wait.
// Goal: a stop finishes what is under way, and where it may not, nothing is lost and nothing is done twice.

const DRAIN_MS = 3_000;

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack({
    capturers: 2,
    reconcilers: 2,
    env: {
      capturer: {
        DRAIN_TIMEOUT_MS: String(DRAIN_MS),
        CAPTURER_CONCURRENCY: '5',
        CONOMY_CALL_TIMEOUT_MS: '4500',
      },
    },
  });
  client = stackClient(stack);
});
afterAll(() => stack.stop());
beforeEach(() => client.control('faults', { seed: 1, rules: [] }));

const countUnknown = async () => {
  const sql = "select count(*)::int as count from attempts where outcome = 'unknown'";
  const [row] = await askDatabase<{ count: number }>(stack, sql);
  return row?.count;
};

test('two rollouts in a row in the middle of 200 commands finish every call that was under way', {
  timeout: 120_000,
}, async () => {
  const batch = await sendCollects(client, 200);
  for (const wanted of [30, 90]) {
    await until(async () => (await capturedOf(client, batch)) >= wanted, {
      deadlineMs: 30_000,
      what: `${wanted} payments to be captured`,
    });
    for (const service of [...stack.capturers, ...stack.reconcilers]) {
      expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
      await service.restart();
    }
  }
  await expectAllSettledOnce(client, batch, 60_000);
  expect(await countUnknown()).toBe(0);
});

/** A capture whose answer Conomy holds back longer than a stop may wait, and the capturer that waits for it. */
async function holdCapture() {
  await client.control('faults', {
    seed: 1,
    rules: [{ operation: 'capture', fault: 'commit-then-timeout', count: 1 }],
  });
  const batch = await sendCollects(client, 1);
  await until(async () => (await capturedOf(client, batch)) === 1, {
    deadlineMs: 10_000,
    what: 'the capture to have its effect',
  });
  const [row] = await askDatabase<{ worker: string }>(
    stack,
    'select claimed_by as worker from commands where claimed_by is not null',
  );
  const capturer = stack.capturers.find(({ pid }) => row?.worker.endsWith(`-${pid}`));
  if (!capturer) throw new Error(`nobody holds the command: ${row?.worker}`);
  return { batch, capturer };
}

test('a stop is told, ends at its deadline although a call is under way, and the next capturer finds out', {
  timeout: 60_000,
}, async () => {
  const { batch, capturer } = await holdCapture();
  const startedAt = performance.now();
  const ended = capturer.kill('SIGTERM');
  await until(async () => (await fetch(`${capturer.url}/readyz`)).status === 503, {
    deadlineMs: 1_000,
    what: 'the capturer to say that it stops',
  });
  expect(await ended).toEqual({ code: 1, signal: null });
  expect(performance.now() - startedAt).toBeGreaterThan(DRAIN_MS - 100);
  await expectAllSettledOnce(client, batch, 45_000);
  await capturer.restart();
});

test('a second signal ends a stop at once, and the next capturer finds out', {
  timeout: 60_000,
}, async () => {
  const { batch, capturer } = await holdCapture();
  process.kill(capturer.pid, 'SIGTERM');
  await until(() => capturer.lastLines().some((line) => line.includes('service.stopping')), {
    deadlineMs: 2_000,
    what: 'the first signal to be noticed',
  });
  expect(await capturer.kill('SIGTERM')).toEqual({ code: 1, signal: null });
  expect(capturer.lastLines().join('\n')).toContain('service.aborted');
  await expectAllSettledOnce(client, batch, 45_000);
  await capturer.restart();
});
