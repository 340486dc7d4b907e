import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createDatabase, dropDatabaseInUse } from '@capstan/local-stack/databases';
import { findFreePort } from '@capstan/local-stack/free-port';
import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { expectAllSettledOnce, sendCollects } from '../support/batch-run.ts';
import { type StackClient, stackClient } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: the worked receiver of examples/ runs beside a stack and is killed in the middle.
// Goal: it ends with every event handled once and every order paid, and Capstan's own list of events says the same.

/** An event that failed a second time, since the receiver was slow to come back, waits for 72 s at most. */
const LONGEST_WAIT_MS = 72_000;

const EXAMPLE = fileURLToPath(new URL('../../examples/receiver/receive-events.mjs', import.meta.url));
const secret = `whsec_${randomBytes(24).toString('base64')}`;
const databaseName = `receiver_${randomBytes(6).toString('hex')}`;
let stack: Stack;
let client: StackClient;
let port: number;
let databaseUrl: string;
let database: pg.Pool;
let receiver: ChildProcess;

async function startReceiver(): Promise<void> {
  receiver = spawn(process.execPath, [EXAMPLE], {
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: databaseUrl,
      UPSTREAM_SECRETS: secret,
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => receiver.stdout?.once('data', resolve));
}

beforeAll(async () => {
  databaseUrl = await createDatabase(inject('capstan').postgresUrl, databaseName);
  database = new pg.Pool({ connectionString: databaseUrl });
  database.on('error', () => {});
  port = await findFreePort();
  await startReceiver();
  stack = await startTestStack({
    reconcilers: 2,
    sandbox: { timers: { capturedToReceivedMs: 0, receivedToSettledMs: 0 } },
    env: {
      reconciler: {
        UPSTREAM_URL: `http://127.0.0.1:${port}/events`,
        UPSTREAM_SECRETS: secret,
        UPSTREAM_PRIVATE_ADDRESSES: 'on',
      },
    },
  });
  client = stackClient(stack);
});
afterAll(async () => {
  receiver?.kill('SIGKILL');
  await stack?.stop();
  await database?.end();
  await dropDatabaseInUse(inject('capstan').postgresUrl, databaseName);
});

const count = async (sql: string) => Number((await database.query(sql)).rows[0].count);

test('every event is handled once although the receiver dies in the middle', {
  timeout: 140_000 + LONGEST_WAIT_MS,
}, async () => {
  const first = await sendCollects(client, 10);
  await until(async () => (await count('select count(*) from handled_events')) >= 5, {
    deadlineMs: 20_000,
    what: 'the first events to be handled',
  });
  receiver.kill('SIGKILL');
  const second = await sendCollects(client, 10);
  await until(async () => (await askDatabase(stack, 'select from pushes where attempts > 0')).length > 0, {
    deadlineMs: 20_000,
    what: 'a push to fail',
  });
  await startReceiver();
  await expectAllSettledOnce(client, first, 30_000);
  await expectAllSettledOnce(client, second, 30_000);
  const [{ events } = { events: -1 }] = await askDatabase<{ events: number }>(
    stack,
    'select count(*)::int as events from events',
  );
  await until(async () => (await count('select count(*) from handled_events')) === events, {
    deadlineMs: 30_000 + LONGEST_WAIT_MS,
    what: `all ${events} events to be handled`,
  });
  expect(await count('select count(*) from orders where paid')).toBe(20);
  const told = await client.get('/v1/events?limit=200');
  const { rows } = await database.query('select id from handled_events order by id');
  expect(rows.map(({ id }) => id).sort()).toEqual(
    told.body.events.map(({ id }: { id: string }) => id).sort(),
  );
  expect((await client.get('/v1/push-endpoint')).body.endpoint).toMatchObject({ failingSince: null });
});
