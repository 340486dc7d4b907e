/**
 * Question: how many SQL statements and commits does one payment cost, from its POST to a mirror that says SETTLED? Counted by
 * PostgreSQL itself, one payment at a time, less what the idle services ask anyway; the caller's own GET is in it.
 *
 * Last result: see docs/architecture.md.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { startStack } from '@capstan/local-stack/start-stack';
import { collectBody } from '@capstan/testing/create-bodies';
import pg from 'pg';

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
  const { apiKey } = stack.info;
  const api = stack.apis[0]?.url ?? '';
  const authorization = { authorization: `Bearer ${apiKey}` };

  const pay = async () => {
    const accepted = await fetch(`${api}/v1/commands`, {
      method: 'POST',
      headers: { ...authorization, 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ type: 'payment.create', payment: collectBody(randomUUID()), then: ['capture'] }),
    });
    const { command } = (await accepted.json()) as { command: { payment: { key: string } } };
    const settled = await fetch(`${api}/v1/payments/${command.payment.key}?wait=30`, {
      headers: authorization,
    });
    const { payment } = (await settled.json()) as { payment: { status: string } };
    if (payment.status !== 'SETTLED') throw new Error(`the payment is ${payment.status}`);
  };

  for (let warmUp = 0; warmUp < 10; warmUp++) await pay();
  const idle = await counted(() => wait(IDLE_MS));
  const busy = await counted(async () => {
    for (let round = 0; round < PAYMENTS; round++) await pay();
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
