import { randomUUID } from 'node:crypto';
import type { Stack } from '@capstan/local-stack/stack';
import { needsProgram } from '@capstan/testing/needs-program';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { createPostgresBackend, Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addFromPython, needsPython } from '../support/python-producer.ts';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: an upstream system that has a queue and no HTTP client hands in commands by BullMQ, on either engine.
// Goal: its commands end settled; an outage of PostgreSQL only makes it wait.

/** A job whose worker was killed runs again once its lock, 15 s, has run out and the queue has looked twice. */
const ACCEPTED_MS_MAX = 45_000;

const redis = needsProgram('redis-server', 'redis-server');
const python = needsPython();

const engines = [
  {
    kind: 'redis' as const,
    ...redis,
    queue: { kind: 'redis' as const, program: redis.path },
    connect: (url: string) => new Queue('capstan-inbox', { connection: { url } }),
  },
  {
    kind: 'postgres' as const,
    run: true,
    reason: '',
    queue: { kind: 'postgres' as const },
    connect: (url: string) =>
      new Queue(
        'capstan-inbox',
        { connection: { connectionString: url, max: 2 } as never },
        createPostgresBackend as never,
      ),
  },
];

for (const { kind, run, reason, queue, connect } of engines) {
  describe.skipIf(!run)(`a producer on ${kind} ${reason}`.trimEnd(), () => {
    let stack: Stack;
    let client: StackClient;
    let producer: Queue;

    beforeAll(async () => {
      const timers = { capturedToReceivedMs: 0, receivedToSettledMs: 0 };
      stack = await startTestStack({
        queue,
        sandbox: { timers },
        postgres: kind === 'redis' ? 'own' : 'shared',
      });
      client = stackClient(stack);
      producer = connect(stack.queue.url);
      await producer.waitUntilReady();
    });
    afterAll(async () => {
      await producer?.close();
      await stack?.stop();
    });

    const receiptOf = (jobId: string) =>
      until(
        async () => (await producer.getJob(jobId))?.returnvalue as { commandId: string; replayed: boolean },
        {
          deadlineMs: ACCEPTED_MS_MAX,
          what: `job ${jobId} to be accepted`,
        },
      );

    const settled = async (commandId: string) => {
      const { body } = await client.get(`/v1/commands/${commandId}?wait=20`);
      const { payment } = (await client.get(`/v1/payments/${body.command.payment.key}?wait=20`)).body;
      return { command: body.command, payment };
    };

    test('a job goes through to SETTLED, and a second one with its key is told so', async () => {
      const data = { idempotencyKey: randomUUID(), ...collect() };
      const first = await receiptOf(String((await producer.add('any', data)).id));
      const again = await receiptOf(String((await producer.add('any', data)).id));
      expect(first.replayed).toBe(false);
      expect(again).toEqual({ commandId: first.commandId, replayed: true });
      const { command, payment } = await settled(first.commandId);
      expect(command).toMatchObject({ status: 'succeeded', idempotencyKey: data.idempotencyKey });
      expect(payment.status).toBe('SETTLED');
    });

    test('the door and HTTP are one: a key used at one is known at the other', async () => {
      const command = collect();
      const key = randomUUID();
      const { body } = await client.send(command, key);
      const receipt = await receiptOf(
        String((await producer.add('any', { idempotencyKey: key, ...command })).id),
      );
      expect(receipt).toEqual({ commandId: body.command.id, replayed: true });
    });

    test.skipIf(!python.run)(
      `a job that a program in Python adds goes through ${python.reason}`.trimEnd(),
      async () => {
        const jobId = addFromPython(stack.queue.url, { idempotencyKey: randomUUID(), ...collect() });
        const { commandId } = await receiptOf(jobId);
        expect((await settled(commandId)).payment.status).toBe('SETTLED');
      },
    );

    test('an api that is killed with jobs in hand leaves each accepted once, without its data', {
      timeout: 90_000,
    }, async () => {
      const keys = Array.from({ length: 100 }, () => randomUUID());
      const jobs = keys.map((idempotencyKey) => ({ name: 'any', data: { idempotencyKey, ...collect() } }));
      const completedBefore = await producer.getCompletedCount();
      const added = await producer.addBulk(jobs);
      await until(async () => (await producer.getCompletedCount()) > completedBefore, {
        deadlineMs: 20_000,
        what: 'the first of the jobs to be accepted',
      });
      await stack.apis[0]?.kill('SIGKILL');
      await stack.apis[0]?.restart();
      const receipts = await Promise.all(added.map(({ id }) => receiptOf(String(id))));
      expect(new Set(receipts.map(({ commandId }) => commandId)).size).toBe(100);
      const kept = await Promise.all(added.map(async ({ id }) => (await producer.getJob(String(id)))?.data));
      expect(kept).toEqual(keys.map((idempotencyKey) => ({ idempotencyKey })));
    });

    // With the queue in the same PostgreSQL nothing can wait in it meanwhile.
    if (kind === 'redis')
      test('while PostgreSQL is down jobs wait, none fails, and all are accepted afterwards', {
        timeout: 90_000,
      }, async () => {
        await stack.postgres?.kill('SIGKILL');
        const jobs = Array.from({ length: 50 }, () => ({
          name: 'any',
          data: { idempotencyKey: randomUUID(), ...collect() },
          opts: { attempts: 1 },
        }));
        const added = await producer.addBulk(jobs);
        await until(
          async () => (await client.get('/readyz')).status === 503 && (await producer.getActiveCount()) > 0,
          {
            deadlineMs: 20_000,
            what: 'the api to miss PostgreSQL with jobs in hand',
          },
        );
        expect(await producer.getFailedCount()).toBe(0);
        await stack.postgres?.restart();
        const receipts = await Promise.all(added.map(({ id }) => receiptOf(String(id))));
        expect(new Set(receipts.map(({ commandId }) => commandId)).size).toBe(50);
        expect(await producer.getFailedCount()).toBe(0);
        const [last] = receipts.slice(-1);
        expect((await settled(String(last?.commandId))).payment.status).toBe('SETTLED');
      });
  });
}
