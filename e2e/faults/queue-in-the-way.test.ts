import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRedis } from '@capstan/local-stack/private-redis';
import type { Stack } from '@capstan/local-stack/stack';
import { queueBackend } from '@capstan/shared/queue/backend';
import { QUEUES } from '@capstan/shared/queue/catalogue';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { capturedOf, expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';

// Scenario: the queue is there and does not carry: it keeps a finished job under the id of one that has to run, it comes back
// empty or as it was a while ago, it fails over, or it refuses every write.
// Goal: the relay gets the work done all the same; nothing accepted is lost.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack();
  client = stackClient(stack);
});
afterAll(() => stack.stop());

test('a job that is kept as completed under the id of a command does not keep the command from running', {
  timeout: 60_000,
}, async () => {
  const [capturer] = stack.capturers;
  if (!capturer) throw new Error('the stack has no capturer');
  const { Queue, Worker } = queueBackend(stack.queue.url).classes;
  const connection = queueBackend(stack.queue.url).working as never;
  const queue = new Queue(QUEUES.commands.name, { connection });
  process.kill(capturer.pid, 'SIGSTOP');
  try {
    const { body } = await client.send(collect());
    const { id } = body.command;
    const jobId = `${id}-0`;
    await until(() => queue.getJob(jobId), { deadlineMs: 20_000, what: 'the job of the command' });
    await queue.remove(jobId);
    await queue.add('commands', { commandId: id, epoch: 0 }, { jobId });
    const foreign = new Worker(QUEUES.commands.name, async () => 'done, says somebody else', { connection });
    await until(async () => (await (await queue.getJob(jobId))?.getState()) === 'completed', {
      deadlineMs: 10_000,
      what: 'the job to be kept as completed',
    });
    // Its one job is over; a close that waits has no limit.
    await foreign.close(true);
    process.kill(capturer.pid, 'SIGCONT');
    await until(async () => (await client.get(`/v1/commands/${id}`)).body.command.status === 'succeeded', {
      deadlineMs: 30_000,
      what: 'the command to succeed',
    });
  } finally {
    process.kill(capturer.pid, 'SIGCONT');
    await queue.close();
  }
});

const { queueChoice } = inject('capstan');

describe.runIf(queueChoice.kind === 'redis')('Redis', () => {
  test.each(['empty', 'as it was before'])(
    'that comes back %s costs time and nothing else',
    {
      timeout: 90_000,
    },
    async (how) => {
      const { kill, restart } = stack.queue;
      const redis = new Redis(stack.queue.url);
      const [, directory = ''] = (await redis.config('GET', 'dir')) as string[];
      redis.disconnect();
      // What a replica that lags behind would hold: the files of now, with none of what follows.
      const before = mkdtempSync(join(tmpdir(), 'capstan-replica-'));
      cpSync(directory, before, { recursive: true });
      const batch = await sendCollects(client, 100);
      await until(async () => (await capturedOf(client, batch)) >= 20, {
        deadlineMs: 30_000,
        what: 'a part of the commands to be captured',
      });
      await kill?.('SIGKILL');
      for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
      if (how !== 'empty') cpSync(before, directory, { recursive: true });
      rmSync(before, { recursive: true });
      await restart?.();
      await expectAllSettledOnce(client, batch, 60_000);
    },
  );

  test('that refuses writes costs time: commands are accepted, and run once it takes jobs again', {
    timeout: 90_000,
  }, async () => {
    const redis = new Redis(stack.queue.url);
    // As a primary that has lost its replicas, or one that was made a replica by a failover.
    await redis.config('SET', 'min-replicas-to-write', '1');
    await expect(redis.set('a', 'b')).rejects.toThrow('NOREPLICAS');
    const batch = await sendCollects(client, 20);
    const open = (await client.get('/v1/commands?status=accepted&limit=200')).body.commands;
    expect(open).toHaveLength(20);
    await redis.config('SET', 'min-replicas-to-write', '0');
    redis.disconnect();
    await expectAllSettledOnce(client, batch, 60_000);
  });

  test('that fails over to a replica which had lost its primary before costs time and nothing else', {
    timeout: 270_000,
  }, async () => {
    const { password, port } = new URL(stack.queue.url);
    const replica = await startReplica(Number(port), password);
    try {
      const copied = await sendCollects(client, 50);
      await until(async () => (await capturedOf(client, copied)) >= 10, {
        deadlineMs: 30_000,
        what: 'a part of what the replica knows to be captured',
      });
      await replica.promote();
      const unknown = await sendCollects(client, 50);
      await until(async () => (await capturedOf(client, unknown)) >= 10, {
        deadlineMs: 30_000,
        what: 'a part of what the replica knows nothing of to be captured',
      });
      await stack.queue.kill?.('SIGKILL');
      await replica.takeAddress();
      await expectAllSettledOnce(client, copied, 90_000);
      await expectAllSettledOnce(client, unknown, 90_000);
    } finally {
      await replica.stop();
      await stack.queue.restart?.();
    }
  });
});

/** A replica in step with the primary at this port, that can take over its role and its address. */
async function startReplica(primaryPort: number, password: string) {
  if (queueChoice.kind !== 'redis') throw new Error('only Redis has replicas');
  const server = await startRedis(queueChoice.program);
  const admin = new Redis(server.url);
  await admin.config('SET', 'masterauth', password);
  await admin.replicaof('127.0.0.1', primaryPort);
  await until(async () => (await admin.info('replication')).includes('master_link_status:up'), {
    deadlineMs: 20_000,
    what: 'the replica to be in step',
  });
  await admin.config('SET', 'requirepass', password);
  const sockets = new Set<Socket>();
  const address = createServer((client) => {
    const upstream = connect(Number(new URL(server.url).port), '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy()).on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  return {
    promote: () => admin.replicaof('NO', 'ONE'),
    /** Answers where the primary did, as a moved address does. */
    takeAddress: async () => {
      address.listen(primaryPort, '127.0.0.1');
      await once(address, 'listening');
    },
    stop: async () => {
      address.close();
      for (const socket of sockets) socket.destroy();
      admin.disconnect();
      await server.stop();
    },
  };
}
