import type { Stack } from '@capstan/local-stack/stack';
import { queueBackend } from '@capstan/shared/queue/backend';
import { QUEUES } from '@capstan/shared/queue/catalogue';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import type { Queue } from 'bullmq';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: somebody clicks on the queue board, or pauses or limits a queue with another tool.
// Goal: no click does anything; whoever holds a queue all the same, every service that works with it says so by the queue's
// name, and the money moves once it is let go.

const COMMANDS = QUEUES.commands.name;

let stack: Stack;
let client: StackClient;
let queue: Queue;

beforeAll(async () => {
  stack = await startTestStack();
  client = stackClient(stack);
  const { classes, working } = queueBackend(stack.queue.url);
  queue = new classes.Queue(COMMANDS, { connection: working as never }) as unknown as Queue;
});
afterAll(async () => {
  await queue.close();
  await stack.stop();
});

const services = () => [...stack.apis, ...stack.capturers, ...stack.reconcilers];

async function readinessOfAll() {
  const answers = services().map(async ({ url }) => (await fetch(`${url}/readyz`)).json());
  return (await Promise.all(answers)) as { status: string; heldQueues?: unknown }[];
}

async function gaugesOfAll(hold: 'paused' | 'limited'): Promise<string[]> {
  const texts = services().map(async ({ url }) => (await fetch(`${url}/metrics`)).text());
  const line = new RegExp(`^capstan_queue_${hold}\\{queue="${COMMANDS}".*\\} (\\d)$`, 'm');
  return (await Promise.all(texts)).map((text) => line.exec(text)?.[1] ?? 'absent');
}

test('no click on the board pauses, empties or changes a queue', async () => {
  const authorization = `Basic ${Buffer.from(`admin:${stack.info.admin.password}`).toString('base64')}`;
  const board = `${stack.apis[0]?.url}/admin/queues`;
  const clicks = [
    'PUT pause',
    'PUT empty',
    'PUT obliterate',
    'POST add',
    'PUT concurrency',
    'PUT rate-limit',
  ];
  const answers = clicks.map(async (click) => {
    const [method, act] = click.split(' ');
    const url = `${board}/api/queues/${encodeURIComponent(COMMANDS)}/${act}`;
    return [click, (await fetch(url, { method, headers: { authorization } })).status];
  });
  const statuses = await Promise.all(answers);
  // A route that the board does not have changes nothing either.
  expect(statuses.filter(([, status]) => status !== 405 && status !== 404)).toEqual([]);
  expect(statuses.filter(([, status]) => status === 405).length).toBeGreaterThan(2);
  expect(await queue.isPaused()).toBe(false);
  await until(async () => (await readinessOfAll()).every(({ status }) => status === 'ready'), {
    deadlineMs: 10_000,
    what: 'every service to be ready',
  });
});

test.each([
  ['paused', () => queue.pause(), () => queue.resume()],
  ['limited', () => queue.setGlobalRateLimit(1, 3_000), () => queue.removeGlobalRateLimit()],
  ['limited', () => queue.rateLimit(60_000), () => queue.removeRateLimitKey()],
  ['limited', () => queue.setGlobalConcurrency(1), () => queue.removeGlobalConcurrency()],
] as const)(
  'a queue that is %s by hand is told by every service, and its commands end once it is let go',
  {
    timeout: 90_000,
  },
  async (hold, act, undo) => {
    await act();
    const held = { status: 'degraded', heldQueues: [{ name: COMMANDS, hold }] };
    expect(await readinessOfAll()).toEqual([held, held, held].map((one) => expect.objectContaining(one)));
    expect(await gaugesOfAll(hold)).toEqual(['1', '1', '1']);
    const batch = await sendCollects(client, 3);
    await undo();
    await until(async () => (await readinessOfAll()).every(({ status }) => status === 'ready'), {
      deadlineMs: 5_000,
      what: 'every service to be ready again',
    });
    expect(await gaugesOfAll(hold)).toEqual(['0', '0', '0']);
    await expectAllSettledOnce(client, batch, 60_000);
  },
);
