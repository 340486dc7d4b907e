import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../../testing/src/until.ts';
import { commandJob } from '../../src/queue/catalogue.ts';
import { openSender } from '../../src/queue/sender.ts';
import { openWorker } from '../../src/queue/worker.ts';
import { type BreakableQueue, openBreakableQueue, openLogRecorder } from './queue-fixture.ts';

let queue: BreakableQueue;
beforeEach(async () => {
  queue = await openBreakableQueue();
});
afterEach(() => queue.close());

/** A sender and a worker of one queue, built now, whatever state the queue is in. */
function build() {
  const { log, events } = openLogRecorder();
  const sender = openSender('commands', queue.url, log);
  const runs: string[] = [];
  const work = async ({ commandId }: { commandId: string }) => void runs.push(commandId);
  const worker = openWorker({ key: 'commands', queueUrl: queue.url, concurrency: 2, log, work });
  return {
    sender,
    worker,
    runs,
    events,
    close: async () => {
      await worker.close();
      await sender.close();
    },
  };
}

/** Offers new jobs until one of them has run: what was offered during the outage may be lost, and may not. */
async function untilJobsRun({ sender, runs }: ReturnType<typeof build>): Promise<void> {
  const offered = new Set<string>();
  await until(
    async () => {
      const id = randomUUID();
      offered.add(id);
      await sender.offer([commandJob(id, 0)]);
      return runs.some((ran) => offered.has(ran));
    },
    { deadlineMs: 25_000, what: 'a job to run after the outage' },
  );
}

async function timedOffer({ sender }: ReturnType<typeof build>) {
  const from = performance.now();
  const taken = await sender.offer([commandJob(randomUUID(), 0)]);
  return { taken, tookMs: performance.now() - from };
}

describe('while the queue was never reached', () => {
  test('nothing is offered, and everything works as soon as it comes up', {
    timeout: 50_000,
  }, async () => {
    await queue.breakDown();
    const built = build();
    expect([await built.sender.isUp(), built.worker.isUp(), built.sender.queue()]).toEqual([
      false,
      false,
      null,
    ]);
    expect(await timedOffer(built)).toMatchObject({ taken: false });
    await until(() => built.events().includes('queue.failing'), {
      deadlineMs: 10_000,
      what: 'a log line about it',
    });
    await queue.restore();
    await until(async () => (await built.sender.isUp()) && built.worker.isUp(), {
      deadlineMs: 15_000,
      what: 'both to reach the queue',
    });
    expect(await timedOffer(built)).toMatchObject({ taken: true });
    await until(() => built.runs.length === 1, { deadlineMs: 15_000, what: 'the job to run' });
    await built.close();
  });

  test('closing does not wait for it', async () => {
    await queue.breakDown();
    const built = build();
    await until(() => built.events().includes('queue.failing'), { deadlineMs: 10_000, what: 'a first try' });
    const from = performance.now();
    await built.close();
    expect(performance.now() - from).toBeLessThan(5_000);
  });
});

describe('while the queue is away', () => {
  test('offers are answered false within about a second and never throw; afterwards jobs run again', async () => {
    const built = build();
    await untilJobsRun(built);
    await queue.breakDown();
    for (let n = 0; n < 3; n++) {
      const { taken, tookMs } = await timedOffer(built);
      expect(taken).toBe(false);
      expect(tookMs).toBeLessThan(1_500);
    }
    expect(await built.sender.isUp()).toBe(false);
    await queue.restore();
    await untilJobsRun(built);
    expect(await built.sender.isUp()).toBe(true);
    await built.close();
  }, 60_000);
});
