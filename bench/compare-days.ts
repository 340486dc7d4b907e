/**
 * Question: what does a comparison of 100,000 mirrored payments over ten unchanged days cost? How many pages does it read,
 * how many rows does it write, and how long does it take against listing the same pages bare?
 *
 * Last result: see docs/reconciliation.md.
 */
import { randomUUID } from 'node:crypto';
import { startSandbox } from '@capstan/conomy-sandbox/start-sandbox';
import { startStack } from '@capstan/local-stack/start-stack';
import { compareDays } from '@capstan/reconciler/comparison/compare-days';
import { daysFrom, toDay } from '@capstan/reconciler/comparison/days';
import { createAnnouncer, PROGRESS } from '@capstan/shared/db/announcements';
import { openPool } from '@capstan/shared/db/pool';
import { createConomyClient } from '@capstan/shared/provider/conomy/client';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { openSender } from '@capstan/shared/queue/sender';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { collectBody } from '@capstan/testing/create-bodies';

const DAYS = 10;
const PER_DAY = 10_000;
const AT_ONCE = 50;
const DAY_MS = 86_400_000;
const firstMs = Date.parse('2026-05-01T12:00:00Z');

let nowMs = firstMs;
const credentials = { apiKey: 'bench', clientId: 'bench', clientSecret: 'bench' };
const timers = { capturedToReceivedMs: null, receivedToSettledMs: null };
const sandbox = await startSandbox({ credentials, timers, now: () => nowMs, tokenLifetimeS: 30 * 86_400 });
const conomy = createConomyClient({
  ...credentials,
  baseUrl: `${sandbox.url}/sandbox`,
  apiVersion: '24-04-2025',
  userAgent: 'Capstan-bench/1',
});
const stack = await startStack({ logDir: '.local/logs/bench', capturers: 0, reconcilers: 0 });
const log = createLogger('bench', 'fatal');
const pool = openPool({ url: stack.databaseUrl, name: 'bench', max: 4, log });
const reads = openSender('reads', stack.queue.url, log);
const progress = createAnnouncer(pool, PROGRESS, log);
try {
  for (let day = 0; day < DAYS; day++) {
    nowMs = firstMs + day * DAY_MS;
    for (let nth = 0; nth < PER_DAY; nth += AT_ONCE) {
      const made = await Promise.all(
        Array.from({ length: AT_ONCE }, () =>
          conomy.createPayment(JSON.stringify(collectBody(randomUUID()))),
        ),
      );
      await mirror(made.flatMap((result) => (result.ok ? result.value : [])));
    }
    console.log(`${(day + 1) * PER_DAY} of ${DAYS * PER_DAY} payments made and mirrored`);
  }
  const [from, to] = [toDay(firstMs), toDay(firstMs + (DAYS - 1) * DAY_MS)];
  const bareMs = await timed(async () => {
    for (const day of daysFrom(from, to)) {
      const at = new Date(`${day}T00:00:00Z`);
      for (let offset: number | null = 0; offset !== null; ) {
        const page = await conomy.listPayments({ fromDay: at, toDay: at }, { limit: 100, offset });
        if (!page.ok) throw new Error(page.failure.reason);
        offset = page.value.nextOffset;
      }
    }
  });
  const writtenBefore = await rowsWritten();
  let pages = 0;
  const totals = { listed: 0, mirrored: 0, agreed: 0, findings: 0 };
  const context = {
    pool,
    provider: conomy,
    reads,
    progress,
    log,
    random: Math.random,
    wait: async () => {},
    onPage: async () => {
      pages += 1;
    },
  };
  const comparedMs = await timed(() =>
    compareDays(context, { from, to, mode: 'settle' }, async ({ listed, mirrored, agreed, findings }) => {
      totals.listed += listed;
      totals.mirrored += mirrored;
      totals.agreed += agreed;
      totals.findings += findings.length;
    }),
  );
  console.log(`compared ${DAYS} days: ${JSON.stringify(totals)}`);
  console.log(
    `pages with rows read: ${pages}; rows of payments written: ${(await rowsWritten()) - writtenBefore}`,
  );
  console.log(
    `comparison: ${(comparedMs / 1_000).toFixed(1)} s; the same lists bare: ${(bareMs / 1_000).toFixed(1)} s`,
  );
  console.log(`ratio: ${(comparedMs / bareMs).toFixed(1)}`);
} finally {
  await conomy.close();
  await sandbox.close();
  await reads.close();
  await progress.idle();
  await pool.end();
  await stack.stop();
}

async function mirror(payments: readonly ObservedPayment[]): Promise<void> {
  await pool.query(
    `insert into payments (key, conomy_id, external_id, status, cause, version, conomy_created_at, snapshot)
     select gen_random_uuid(), row->>'id', row->>'externalId', row->>'status', 'read', 1, (row->>'createdAt')::timestamptz, row
     from jsonb_array_elements($1::jsonb) as row`,
    [JSON.stringify(payments.map(({ raw }) => raw))],
  );
}

/** The statistics of a session are told when it ends or is idle; asking for them in a transaction of its own is enough. */
async function rowsWritten(): Promise<number> {
  await pool.query('select pg_stat_force_next_flush()');
  const { rows } = await pool.query(
    `select (n_tup_ins + n_tup_upd)::int as written from pg_stat_user_tables where relname = 'payments'`,
  );
  return rows[0].written;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const startedAtMs = performance.now();
  await work();
  return performance.now() - startedAtMs;
}
