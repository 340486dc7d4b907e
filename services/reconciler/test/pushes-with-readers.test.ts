/**
 * Scenario: readers of the feed place events before any reconciler enlists them. Goal: each is pushed once, and no payment stays
 * due when none of its events waits.
 */
import { randomUUID } from 'node:crypto';
import { readEvents } from '@capstan/shared/db/events';
import { openPool, type Pool } from '@capstan/shared/db/pool';
import {
  claimPushes,
  configureEndpoint,
  enlistPushes,
  markNothingToPush,
  markPushed,
} from '@capstan/shared/db/pushes';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import { measurePendingPushes } from '@capstan/shared/telemetry/unfinished-work';
import { createTestDatabase } from '@capstan/testing/test-database';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { pushEvents } from '../src/push/push-events.ts';

const log = createLogger('pushes-test', 'silent');
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;
/** Events the receiver took, by payment. */
let taken: Map<string, number[]>;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool({ url: database.url, name: 'pushes-test', max: 10, log });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  taken = new Map();
  await pool.query('truncate pushes, push_endpoint, events, journal, commands, payments cascade');
  await configureEndpoint(pool, 'https://receiver.test');
});

const receiver = {
  push: async (_id: string, body: string) => {
    const { paymentKey, sequence } = JSON.parse(body).data;
    taken.set(paymentKey, [...(taken.get(paymentKey) ?? []), sequence]);
    return { taken: true as const };
  },
  close: async () => {},
};
const pushSome = () => pushEvents({ pool, receiver, log, random: () => 0.5, leaseMs: 10_000 });

async function insertPayment(): Promise<string> {
  const key = randomUUID();
  await pool.query('insert into payments (key, external_id) values ($1, $2)', [key, `order-${key}`]);
  return key;
}

const move = (key: string, version: number) =>
  pool.query(
    `insert into journal (payment_key, version, from_status, to_status, cause) values ($1, $2, null, 'CREATED', 'read')`,
    [key, version],
  );

async function dueWithoutEvent(): Promise<number> {
  const { rows } = await pool.query(
    `select count(*)::int as n from pushes p where due_at is not null and not exists (
       select from events e where e.payment_key = p.payment_key and e.sequence = p.next_sequence)`,
  );
  return rows[0].n;
}

/** The first event of a payment is under way when the second one comes and a reader places it. */
async function pushedAheadOfEnlisting(): Promise<string> {
  const key = await insertPayment();
  await move(key, 1);
  await enlistPushes(pool, 500);
  const [first] = await claimPushes(pool, 16, 10_000);
  if (!first) throw new Error('nothing is due');
  await move(key, 2);
  await readEvents(pool, 0, 200);
  await markPushed(pool, first);
  const [second] = await claimPushes(pool, 16, 10_000);
  if (!second) throw new Error('what the reader placed is not due');
  await markPushed(pool, second);
  return key;
}

test('an event that was pushed before it is enlisted makes nothing due', async () => {
  const key = await pushedAheadOfEnlisting();
  expect(await enlistPushes(pool, 500)).toBe(1);
  expect(await dueWithoutEvent()).toBe(0);
  await move(key, 3);
  while (await pushSome());
  expect(taken.get(key)).toEqual([3]);
});

test('a payment that is due without an event is counted, and no longer due once that was seen', async () => {
  const key = await pushedAheadOfEnlisting();
  await pool.query('update pushes set due_at = now()');
  const registry = createRegistry('reconciler');
  measurePendingPushes(registry, pool, log);
  expect(await registry.metrics()).toMatch(/^capstan_pending_pushes\{state="without_event"[^}]*\} 1$/m);

  while (await pushSome());
  expect(await dueWithoutEvent()).toBe(0);
  await move(key, 3);
  while (await pushSome());
  expect(taken.get(key)).toEqual([3]);
});

/** Somebody enlists the next event of a payment: its row is held while the event is placed, and then let go. */
async function enlistedWhile(key: string, version: number, note: () => Promise<void>): Promise<void> {
  const enlisting = await pool.connect();
  await enlisting.query('begin');
  await enlisting.query('select from pushes where payment_key = $1 for update', [key]);
  const noted = note();
  await until(async () => (await waitingForLocks()) > 0, { deadlineMs: 10_000, what: 'it to wait' });
  await move(key, version);
  await readEvents(pool, 0, 200);
  await enlisting.query('commit');
  enlisting.release();
  await noted;
}

async function isDue(key: string): Promise<boolean> {
  const { rows } = await pool.query('select due_at is not null as due from pushes where payment_key = $1', [
    key,
  ]);
  return rows[0].due;
}

test('an event that is enlisted while its absence is noted stays due', async () => {
  const key = await pushedAheadOfEnlisting();
  await pool.query('update pushes set due_at = now()');
  const [push] = await claimPushes(pool, 16, 10_000);
  if (!push) throw new Error('nothing is due');
  await enlistedWhile(key, 3, () => markNothingToPush(pool, push));
  expect(await isDue(key)).toBe(true);
});

test('an event that is enlisted while the one before it is noted as pushed is due', async () => {
  const key = await insertPayment();
  await move(key, 1);
  await enlistPushes(pool, 500);
  const [push] = await claimPushes(pool, 16, 10_000);
  if (!push) throw new Error('nothing is due');
  await enlistedWhile(key, 2, () => markPushed(pool, push));
  expect(await isDue(key)).toBe(true);
  while (await pushSome());
  expect(taken.get(key)).toEqual([2]);
});

test('two processes and a reader push each of many events once and leave nothing due', async () => {
  const keys = await Promise.all(Array.from({ length: 40 }, insertPayment));
  let over = false;
  const runs = (step: () => Promise<unknown>) => async () => {
    while (!over) await step();
  };
  let after = 0;
  const read = async () => {
    after = (await readEvents(pool, after, 200)).at(-1)?.position ?? after;
  };
  const running = [pushSome, pushSome, read].map((step) => runs(step)());
  for (const version of [1, 2, 3]) await Promise.all(keys.map((key) => move(key, version)));
  await until(() => [...taken.values()].flat().length === 3 * keys.length, {
    deadlineMs: 30_000,
    what: 'every event to be pushed',
  });
  over = true;
  await Promise.all(running);
  while (await pushSome());
  expect([...taken.values()]).toEqual(keys.map(() => [1, 2, 3]));
  expect(await dueWithoutEvent()).toBe(0);
});

async function waitingForLocks(): Promise<number> {
  const { rows } = await pool.query(
    `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows[0].n;
}
