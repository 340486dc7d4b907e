import { queueBackend } from '@capstan/shared/queue/backend';
import { QUEUES, readJob } from '@capstan/shared/queue/catalogue';
import { openWorker } from '@capstan/shared/queue/worker';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { relayJobs } from '../src/relay-jobs.ts';
import { openReconcilerFixture, type ReconcilerFixture } from './reconciler-fixture.ts';

let fixture: ReconcilerFixture;

beforeAll(async () => {
  fixture = await openReconcilerFixture();
});
afterAll(() => fixture.close());

/** A worker that notes the payment keys of the reads it gets. */
function openReadWorker() {
  const seen: string[] = [];
  const worker = openWorker({
    key: 'reads',
    queueUrl: fixture.queueUrl,
    concurrency: 10,
    log: fixture.context.log,
    work: async ({ paymentKey }) => void seen.push(paymentKey),
  });
  return { seen, worker };
}

test('what is due in the tables is offered, once per row, and not again before its time', async () => {
  const { pool, context } = fixture;
  await pool.query(
    `insert into payments (key, conomy_id, external_id, status, offer_at) select gen_random_uuid(), 'id-' || n, 'e-' || n, 'CAPTURED', capstan_now() from generate_series(1, 50) n`,
  );
  await pool.query(
    `insert into payments (key, conomy_id, external_id, status, offer_at) select gen_random_uuid(), 'later-' || n, 'l-' || n, 'CAPTURED', capstan_now() + interval '1 hour' from generate_series(1, 50) n`,
  );
  const { seen, worker } = openReadWorker();
  await until(() => context.senders.reads.isUp(), {
    deadlineMs: 10_000,
    what: 'the queue to be reached',
  });
  await relayJobs(context);
  await relayJobs(context);
  await until(() => seen.length >= 50, { deadlineMs: 10_000, what: '50 reads' });
  await worker.close();
  expect(new Set(seen).size).toBe(50);
  expect(seen).toHaveLength(50);
});

test('two relays at once take different rows', async () => {
  const { pool, context } = fixture;
  const offered: string[][] = [[], []];
  const recording = (into: string[]) => ({
    ...context,
    senders: {
      ...context.senders,
      reads: {
        ...context.senders.reads,
        offer: async (jobs: readonly { data: { paymentKey: string } }[]) =>
          into.push(...jobs.map(({ data }) => data.paymentKey)) > 0,
      },
    },
  });
  await pool.query(`update payments set offer_at = capstan_now() where conomy_id like 'id-%'`);
  await Promise.all(offered.map((into) => relayJobs(recording(into))));
  expect(offered.flat()).toHaveLength(50);
  expect(new Set(offered.flat()).size).toBe(50);
});

test('a queue that was emptied is refilled pass upon pass, one that is only slow gets a pass at a time', async () => {
  const { pool, context, flushQueue, queueUrl } = fixture;
  const makeDue = () => pool.query('update payments set offer_at = capstan_now()');
  await pool.query(
    `insert into payments (key, conomy_id, external_id, status) select gen_random_uuid(), 'many-' || n, 'm-' || n, 'CAPTURED' from generate_series(1, 2000) n`,
  );
  const { Queue } = queueBackend(queueUrl).classes;
  const queue = new Queue(QUEUES.reads.name, { connection: queueBackend(queueUrl).sending as never });
  const hour = { timestamp: Date.now() - 3_600_000, delay: 7_200_000 };

  await flushQueue();
  await makeDue();
  expect(await relayJobs(context)).toBe(true);

  await flushQueue();
  await queue.add('generation', {}, { jobId: 'generation', ...hour });
  await makeDue();
  expect(await relayJobs(context)).toBe(false);
  await queue.close();
  await flushQueue();
  await pool.query(`delete from payments where conomy_id like 'many-%'`);
});

test.each(['completed', 'failed'])(
  'a job kept in the queue as %s does not keep its row from being worked on',
  async (state) => {
    const { pool, context, queueUrl } = fixture;
    await pool.query(`update payments set offer_at = null`);
    const { rows } = await pool.query<{ key: string }>(
      `update payments set offer_at = capstan_now() where conomy_id = 'id-1' returning key`,
    );
    const key = rows[0]?.key ?? '';
    const { id, data } = readJob(key, 0, 0);
    const { Queue, Worker } = queueBackend(queueUrl).classes;
    const connection = queueBackend(queueUrl).working as never;
    const queue = new Queue(QUEUES.reads.name, { connection });
    await queue.add('reads', data, { jobId: id });
    const foreign = new Worker(
      QUEUES.reads.name,
      async () => {
        if (state === 'failed') throw new Error('a worker of somebody else failed');
      },
      { connection },
    );
    await until(async () => (await (await queue.getJob(id))?.getState()) === state, {
      deadlineMs: 10_000,
      what: `the job to be kept as ${state}`,
    });
    await foreign.close();
    await queue.close();

    const seen: string[] = [];
    const worker = openWorker({
      key: 'reads',
      queueUrl,
      concurrency: 1,
      log: context.log,
      work: async ({ paymentKey }) => void seen.push(paymentKey),
    });
    await relayJobs(context);
    await until(() => seen.length > 0, { deadlineMs: 10_000, what: 'the read to be worked on' });
    await worker.close();
    expect(seen).toEqual([key]);
  },
);
