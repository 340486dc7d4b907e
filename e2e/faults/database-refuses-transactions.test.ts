import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: PostgreSQL gives transactions up, as it may at any time: one statement in thirty ends with a serialization
// failure, and somebody locks payments and commands in the wrong order. Its default isolation is not ours, either.
// Goal: they run again; every payment is settled, and nothing was sent twice.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack({ capturers: 2, postgres: 'own' });
  client = stackClient(stack);
  const name = new URL(stack.databaseUrl).pathname.slice(1);
  for (const sql of [
    `alter database "${name}" set default_transaction_isolation to 'serializable'`,
    `alter database "${name}" set deadlock_timeout to '20ms'`,
    'create sequence refused',
    `create function refuse_now_and_then() returns trigger language plpgsql as $$
     begin
       if random() < 1.0 / 30 then
         perform nextval('refused');
         raise exception 'could not serialize access' using errcode = '40001';
       end if;
       return null;
     end $$`,
    ...['commands', 'payments', 'attempts', 'webhook_deliveries'].map(
      (table) =>
        `create trigger refuse after insert or update on ${table} for each statement execute function refuse_now_and_then()`,
    ),
  ])
    await askDatabase(stack, sql);
  for (const service of [...stack.apis, ...stack.capturers, ...stack.reconcilers]) await service.restart();
});
afterAll(() => stack.stop());

test('deadlocks and serialization failures cost a repetition and nothing else', {
  timeout: 150_000,
}, async () => {
  const troublemaker = makeDeadlocks(stack.databaseUrl);
  try {
    const batch = await sendCollects(client, 100);
    await expectAllSettledOnce(client, batch, 120_000);
  } finally {
    await troublemaker.stop();
  }
  const [counts] = await askDatabase<{ deadlocks: number; refused: number }>(
    stack,
    `select deadlocks::int, (select last_value::int from refused) as refused from pg_stat_database
     where datname = current_database()`,
  );
  expect(counts?.deadlocks).toBeGreaterThan(0);
  expect(counts?.refused).toBeGreaterThan(10);
});

/** Takes the row of a command at work, then that of its payment: the other way round than who records an answer. */
function makeDeadlocks(url: string) {
  let stopping = false;
  const running = (async () => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    while (!stopping) {
      await client
        .query(
          `begin isolation level read committed;
           create temporary table chosen on commit drop as
             select payment_key as key from commands where status = 'executing' order by random() limit 1;
           select from commands where payment_key in (select key from chosen) for update;
           select pg_sleep(0.02);
           select from payments where key in (select key from chosen) for update;
           commit`,
        )
        .catch(() => client.query('rollback'));
    }
    await client.end();
  })();
  return {
    stop: () => {
      stopping = true;
      return running;
    },
  };
}
