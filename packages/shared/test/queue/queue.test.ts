import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../../../testing/src/until.ts';
import { commandJob, type JobData } from '../../src/queue/catalogue.ts';
import { openSender, type QueueSender } from '../../src/queue/sender.ts';
import { openWorker, type QueueWorker } from '../../src/queue/worker.ts';
import { type BreakableQueue, openBreakableQueue, openLogRecorder } from './queue-fixture.ts';

let queue: BreakableQueue;
beforeAll(async () => {
  queue = await openBreakableQueue();
});
afterAll(() => queue.close());

let recorder: ReturnType<typeof openLogRecorder>;
let sender: QueueSender<'commands'>;
let workers: QueueWorker[];
beforeEach(async () => {
  recorder = openLogRecorder();
  workers = [];
  sender = openSender('commands', queue.url, recorder.log);
  await until(() => sender.isUp(), { deadlineMs: 10_000, what: 'the sender to reach the queue' });
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close()));
  await sender.close();
});

/** A worker that notes what it was given; `work` may fail or wait. */
function startWorker(work: (data: JobData<'commands'>, run: number) => Promise<void> = async () => {}) {
  const runs: JobData<'commands'>[] = [];
  const worker = openWorker({
    key: 'commands',
    queueUrl: queue.url,
    concurrency: 5,
    log: recorder.log,
    work: (data) => work(data, runs.push(data)),
  });
  workers.push(worker);
  return { worker, runs };
}

async function jobsLeft(): Promise<number> {
  const counts =
    (await sender.queue()?.getJobCounts('waiting', 'active', 'delayed', 'completed', 'failed')) ?? {};
  return Object.values(counts).reduce((a, b) => a + b, 0);
}

const untilEmpty = () =>
  until(async () => (await jobsLeft()) === 0, { deadlineMs: 20_000, what: 'the queue to be empty' });

describe('a job', () => {
  test('offered three times while it waits runs once and leaves nothing behind', async () => {
    const job = commandJob(randomUUID(), 0);
    expect(await sender.offer([job, job])).toBe(true);
    expect(await sender.offer([job])).toBe(true);
    const { runs } = startWorker();
    await untilEmpty();
    expect(runs).toEqual([job.data]);
    expect(await sender.queue()?.getJob(job.id)).toBeFalsy();
  });

  test('may be offered again under the same id once it has run', async () => {
    const job = commandJob(randomUUID(), 0);
    const { runs } = startWorker();
    await sender.offer([job]);
    await until(() => runs.length === 1, { deadlineMs: 10_000, what: 'the first run' });
    await untilEmpty();
    await sender.offer([job]);
    await until(() => runs.length === 2, { deadlineMs: 10_000, what: 'the second run' });
  });

  test('with a delay runs when it has passed, after jobs that were offered later', async () => {
    const [delayed, prompt] = [commandJob(randomUUID(), 1, 400), commandJob(randomUUID(), 1)];
    const ranAt = new Map<string, number>();
    const { runs } = startWorker(async ({ commandId }) => void ranAt.set(commandId, performance.now()));
    const offeredAt = performance.now();
    await sender.offer([delayed]);
    await sender.offer([prompt]);
    await until(() => runs.length === 2, { deadlineMs: 10_000, what: 'both to run' });
    expect(runs).toEqual([prompt.data, delayed.data]);
    expect((ranAt.get(delayed.data.commandId) ?? 0) - offeredAt).toBeGreaterThanOrEqual(350);
  });

  test('whose work fails once is tried again', async () => {
    const { runs } = startWorker(async (_data, run) => {
      if (run === 1) throw new Error('the database is away');
    });
    await sender.offer([commandJob(randomUUID(), 0)]);
    await until(() => runs.length === 2, { deadlineMs: 10_000, what: 'the second try' });
    await untilEmpty();
    expect(recorder.events().filter((event) => event === 'job.failed')).toHaveLength(1);
  });

  test('whose work always fails is dropped after five tries and leaves nothing behind', async () => {
    const { runs } = startWorker(async () => {
      throw new Error('no way');
    });
    await sender.offer([commandJob(randomUUID(), 0)]);
    await until(() => runs.length === 5, { deadlineMs: 25_000, what: 'the fifth try' });
    await untilEmpty();
    expect(runs).toHaveLength(5);
  }, 60_000);

  test('of another shape is dropped at once with a log line, and others run on', async () => {
    await sender.queue()?.add('commands', { commandId: 'not a uuid', epoch: 0 });
    const { runs } = startWorker();
    const good = commandJob(randomUUID(), 0);
    await sender.offer([good]);
    await untilEmpty();
    expect(runs).toEqual([good.data]);
    expect(recorder.events().filter((event) => event === 'job.unreadable')).toHaveLength(1);
  });

  test('of a newer release, with a member more, runs beside one of ours and shows only what we know', async () => {
    const [newer, ours] = [commandJob(randomUUID(), 0), commandJob(randomUUID(), 0)];
    await sender.queue()?.add('commands', { ...newer.data, addedLater: 'x' }, { jobId: newer.id });
    await sender.offer([ours]);
    const { runs } = startWorker();
    await untilEmpty();
    expect(runs).toHaveLength(2);
    expect(runs).toEqual(expect.arrayContaining([newer.data, ours.data]));
  });

  test('under way is finished before its worker closes', async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let finished = false;
    const { worker } = startWorker(async () => {
      started.resolve();
      await release.promise;
      finished = true;
    });
    await sender.offer([commandJob(randomUUID(), 0)]);
    await started.promise;
    const closing = worker.close();
    release.resolve();
    await closing;
    expect(finished).toBe(true);
    await untilEmpty();
  });
});

test('an empty offer is taken without asking the queue', async () => {
  expect(await sender.offer([])).toBe(true);
});
