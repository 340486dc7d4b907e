import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { collect, type StackClient, stackClient } from '../support/stack-client.ts';
import { askInOneSession } from '../support/stack-database.ts';

// Scenario: whoever keeps the database has set its sessions up for other programs: dates, intervals, the time zone, the encoding,
// short limits, replication of less.
// Goal: nothing of that matters.

const DEFAULTS = [
  "DateStyle to 'SQL, DMY'",
  "IntervalStyle to 'sql_standard'",
  "TimeZone to 'Asia/Tokyo'",
  "client_encoding to 'LATIN1'",
  'client_min_messages to error',
  'default_transaction_isolation to serializable',
  "lock_timeout to '1ms'",
  "statement_timeout to '50ms'",
  "idle_in_transaction_session_timeout to '20ms'",
  "idle_session_timeout to '200ms'",
  'synchronous_commit to off',
];

let stack: Stack;
let client: StackClient;

beforeAll(async () => {
  stack = await startTestStack({
    capturers: 2,
    databaseEnv: async (databaseUrl) => {
      await askInOneSession(
        { databaseUrl },
        DEFAULTS.map(
          (setting) =>
            `do $do$ begin execute format($f$alter database %I set ${setting}$f$, current_database()); end $do$`,
        ),
      );
      return {};
    },
  });
  client = stackClient(stack);
});
afterAll(() => stack?.stop());

test('defaults of the database that are set for other programs change nothing', {
  timeout: 120_000,
}, async () => {
  const plain = collect();
  const command = { ...plain, payment: { ...plain.payment, description: 'Ñandú – 日本' } };
  const before = Date.now();
  const sent = await client.send(command);
  expect(sent.status).toBe(202);
  const acceptedAt = Date.parse(sent.body.command.acceptedAt);
  expect(Math.abs(acceptedAt - before)).toBeLessThan(60_000);
  const batch = await sendCollects(client, 40);
  batch.ids.push(sent.body.command.id);
  batch.externalIds.push(command.payment.externalId);
  await expectAllSettledOnce(client, batch, 90_000);
});
