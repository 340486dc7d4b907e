import type { Stack } from '@capstan/local-stack/stack';
import { queueBackend } from '@capstan/shared/queue/backend';
import { commandJob, QUEUES } from '@capstan/shared/queue/catalogue';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { p2p, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: two capturers get the job of one command at the same moment, a thousand times; a refund comes in while the
// capture it is about is at work.
// Goal: one call per step, and nothing is given back of what was not taken.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack({ capturers: 2, env: { capturer: { CAPTURER_CONCURRENCY: '20' } } });
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('a thousand races of two capturers for one payment make one create and one capture each', {
  timeout: 180_000,
}, async () => {
  for (const { pid } of stack.capturers) process.kill(pid, 'SIGSTOP');
  const batch = await sendCollects(client, 1_000);
  // Side by side in the line, under ids of their own: the two capturers take them one after the other.
  await stack.queue.flush();
  const { Queue } = queueBackend(stack.queue.url).classes;
  const queue = new Queue(QUEUES.commands.name, {
    connection: queueBackend(stack.queue.url).sending as never,
  });
  await queue.waitUntilReady();
  const jobs = batch.ids.flatMap((commandId) => {
    const { data } = commandJob(commandId, 0);
    const opts = { removeOnComplete: true, removeOnFail: true };
    return ['a', 'b'].map((rival) => ({
      name: 'commands',
      data,
      opts: { ...opts, jobId: `${commandId}-${rival}` },
    }));
  });
  for (let from = 0; from < jobs.length; from += 500) await queue.addBulk(jobs.slice(from, from + 500));
  await queue.close();
  for (const { pid } of stack.capturers) process.kill(pid, 'SIGCONT');
  await expectAllSettledOnce(client, batch, 150_000);
  const { payments } = await client.ledger();
  const ours = payments.filter(({ externalId }) => batch.externalIds.includes(externalId));
  expect(ours.filter(({ calls }) => calls.capture !== 1)).toEqual([]);
});

test('a refund that comes in while the capture is at work waits for it, and gives back only what is settled', {
  timeout: 60_000,
}, async () => {
  const sent = await Promise.all(
    Array.from({ length: 20 }, async () => {
      const command = p2p(['capture']);
      const { externalId } = command.payment;
      const capture = await client.send(command);
      const refund = await client.send({
        type: 'payment.refund',
        payment: { externalId },
        amount: '15000.00',
        currency: 'COP',
      });
      return { externalId, capture: capture.body.command.id, refund: refund.body.command.id };
    }),
  );
  for (const { externalId, capture, refund } of sent) {
    const ended = await until(
      async () => {
        const { command } = (await client.get(`/v1/commands/${refund}`)).body;
        return ['succeeded', 'rejected'].includes(command.status) && command;
      },
      { deadlineMs: 30_000, what: `refund ${refund} to end` },
    );
    const captured = (await client.get(`/v1/commands/${capture}`)).body.command;
    expect(captured.status).toBe('succeeded');
    const { payments } = await client.ledger();
    const parent = payments.find((payment) => payment.externalId === externalId);
    expect(parent?.effects).toMatchObject({ capture: 1, refund: ended.status === 'succeeded' ? 1 : 0 });
    if (ended.status === 'rejected') expect(ended.problem.code).toBe('payment_not_settled');
    for (const { startedAt } of ended.attempts) {
      expect(Date.parse(startedAt)).toBeGreaterThanOrEqual(Date.parse(captured.finishedAt));
    }
  }
});
