/**
 * Question: how many SQL statements and commits does one payment cost, from its POST to a mirror that says SETTLED? Counted by
 * PostgreSQL itself, one payment at a time, less what the idle services ask anyway; the caller's own GET is in it.
 *
 * Last result: see docs/architecture.md.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { startStack } from '@capstan/local-stack/start-stack';
import pg from 'pg';
import { payOnce } from './pay-once.ts';

const PAYMENTS = 100;
const IDLE_MS = 20_000;

interface Counts {
  statements: number;
  changes: number;
  transactions: number;
}

const stack = await startStack({
  logDir: '.local/logs/bench',
  postgresSettings: {
    shared_preload_libraries: 'pg_stat_statements',
    'pg_stat_statements.track_utility': 'off',
  },
  sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } },
});
const database = new pg.Client({ connectionString: stack.databaseUrl });
try {
  await database.connect();
  await database.query('create extension pg_stat_statements');
  for (let warmUp = 0; warmUp < 10; warmUp++) await payOnce(stack);
  const idle = await counted(() => wait(IDLE_MS));
  const busy = await counted(async () => {
    for (let round = 0; round < PAYMENTS; round++) await payOnce(stack);
  });
  const perPayment = (what: keyof Counts) =>
    ((busy.counts[what] - (idle.counts[what] * busy.tookMs) / idle.tookMs) / PAYMENTS).toFixed(1);
  console.log(
    `queue: ${stack.queue.kind}, ${PAYMENTS} payments, one at a time, ${(busy.tookMs / PAYMENTS).toFixed(0)} ms each`,
  );
  console.log(`statements per payment:        ${perPayment('statements')}`);
  console.log(`  of them insert or update:    ${perPayment('changes')}`);
  console.log(`transactions per payment:      ${perPayment('transactions')}`);
  console.log(
    `idle services: ${((idle.counts.statements / idle.tookMs) * 1000).toFixed(1)} statements per second`,
  );
} finally {
  await database.end();
  await stack.stop();
}

/** What the services asked of the database while `work` went on. */
async function counted(work: () => Promise<unknown>): Promise<{ counts: Counts; tookMs: number }> {
  await database.query('select pg_stat_statements_reset()');
  const before = await transactions();
  const startedAt = performance.now();
  await work();
  const tookMs = performance.now() - startedAt;
  // A session tells its transactions a second after the last of them at the latest.
  await wait(1_500);
  const { rows } = await database.query<{ statements: number; changes: number }>(
    `select sum(calls)::int as statements,
       sum(calls) filter (where query ~* '\\m(insert into|update|delete from)\\M')::int as changes
     from pg_stat_statements where query !~* 'pg_stat_|^(begin|commit|rollback)'`,
  );
  const [row = { statements: 0, changes: 0 }] = rows;
  return { counts: { ...row, transactions: (await transactions()) - before }, tookMs };
}

async function transactions(): Promise<number> {
  const { rows } = await database.query(
    'select xact_commit::int as committed from pg_stat_database where datname = current_database()',
  );
  return rows[0].committed;
}
