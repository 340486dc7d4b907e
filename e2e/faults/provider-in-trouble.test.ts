import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: Conomy asks a busy system for fewer calls, again and again; Conomy is away for six hours, by the clock that
// all SQL goes by.
// Goal: the calls get fewer and nothing counts against a command; afterwards everything is done, in order and once.

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack({ capturers: 2, postgres: 'own' });
  client = stackClient(stack);
  await scriptTheClock();
});
afterAll(() => stack.stop());
beforeEach(() => client.control('faults', { seed: 1, rules: [] }));

/** `capstan_now()` runs as before, and jumps when the table says so. */
async function scriptTheClock() {
  for (const sql of [
    `create table clock_jumps (ahead interval not null)`,
    `insert into clock_jumps values ('0')`,
    `create or replace function capstan_now() returns timestamptz language sql stable parallel safe
     as $$ select statement_timestamp() + ahead from clock_jumps $$`,
  ])
    await askDatabase(stack, sql);
}

const passHours = (hours: number) =>
  askDatabase(stack, `update clock_jumps set ahead = ahead + make_interval(hours => $1)`, [hours]);

const countBy = (sql: string) => askDatabase<{ what: string; count: number }>(stack, sql);

test('a storm of 429 lowers the rate of all and counts against no command', {
  timeout: 120_000,
}, async () => {
  await client.control('faults', {
    seed: 1,
    rules: ['create', 'capture'].map((operation) => ({ operation, fault: '429', count: 4, delayMs: 1_000 })),
  });
  const batch = await sendCollects(client, 60);
  await until(
    async () => {
      const [health] = await askDatabase<{ rate: number | null }>(
        stack,
        'select calls_per_second as rate from provider_health',
      );
      return health?.rate !== null && health?.rate !== undefined;
    },
    { deadlineMs: 20_000, what: 'the shared rate to be limited' },
  );
  await expectAllSettledOnce(client, batch, 90_000);
  const failures = await countBy('select max(failures)::int as count from commands');
  expect(failures[0]?.count).toBe(0);
});

test('six hours without Conomy park nothing, and its return is orderly', { timeout: 120_000 }, async () => {
  await askDatabase(stack, 'update provider_health set calls_per_second = null');
  await stack.sandbox.stop();
  const batch = await sendCollects(client, 60);
  for (let hour = 0; hour < 6; hour++) {
    await until(
      async () =>
        (await countBy(`select count(*)::int as count from commands where waits_for = 'provider'`))[0]
          ?.count === 60,
      { deadlineMs: 30_000, what: 'all 60 commands to wait for the provider' },
    );
    await passHours(1);
  }
  const attempts = await countBy(
    `select c.id as what, count(a.id)::int as count from commands c left join attempts a on a.command_id = c.id
     where c.status = 'executing' group by c.id`,
  );
  expect(attempts).toHaveLength(60);
  // Six hours of trying would be thousands.
  expect(attempts.reduce((sum, { count }) => sum + count, 0)).toBeLessThan(120);
  await stack.sandbox.restart();
  await passHours(1);
  await expectAllSettledOnce(client, batch, 90_000);
});
