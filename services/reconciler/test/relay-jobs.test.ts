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

test('what is due in the tables is offered, once per row, and not again before its time', async () => {
  const { pool, context, queueUrl } = fixture;
  await pool.query(
    `insert into payments (key, conomy_id, external_id, status, offer_at) select gen_random_uuid(), 'id-' || n, 'e-' || n, 'CAPTURED', capstan_now() from generate_series(1, 50) n`,
  );
  await pool.query(
    `insert into payments (key, conomy_id, external_id, status, offer_at) select gen_random_uuid(), 'later-' || n, 'l-' || n, 'CAPTURED', capstan_now() + interval '1 hour' from generate_series(1, 50) n`,
  );
  const seen: string[] = [];
  const worker = openWorker({
    key: 'reads',
    queueUrl,
    concurrency: 10,
    log: context.log,
    work: async ({ paymentKey }) => void seen.push(paymentKey),
  });
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
