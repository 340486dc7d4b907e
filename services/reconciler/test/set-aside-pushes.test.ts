/** Scenario: the push of an event throws, at every try. Goal: it is told of, and keeps back nothing but what comes after it. */
import { randomUUID } from 'node:crypto';
import { TRIES_MAX } from '@capstan/shared/db/item-faults';
import { openPool, type Pool } from '@capstan/shared/db/pool';
import { configureEndpoint } from '@capstan/shared/db/pushes';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import { measureSetAside } from '@capstan/shared/telemetry/unfinished-work';
import { createTestDatabase } from '@capstan/testing/test-database';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { pushEvents } from '../src/push/push-events.ts';
import type { Receiver } from '../src/push/receiver.ts';

const log = createLogger('set-aside-pushes-test', 'silent');
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;
/** Payment and sequence of what was taken. */
let taken: [paymentKey: string, sequence: number][];

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool({ url: database.url, name: 'set-aside-pushes-test', max: 10, log });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  taken = [];
  await pool.query('truncate pushes, push_endpoint, events, journal, commands, payments cascade');
  await configureEndpoint(pool, 'https://upstream.example/events');
});

const takes: Receiver['push'] = async (_id, body) => {
  const { data } = JSON.parse(body);
  taken.push([data.paymentKey, data.sequence]);
  return { taken: true };
};
const refuses: Receiver['push'] = async () => ({
  taken: false,
  reason: 'half a word\0',
  gone: false,
  retryAfterMs: null,
});
const throws: Receiver['push'] = () => Promise.reject(new TypeError('something nobody thought of'));
const throwsFor =
  (key: string): Receiver['push'] =>
  (id, body, at) =>
    (body.includes(key) ? throws : takes)(id, body, at);

/** Until nothing is due now. */
async function pushAll(push: Receiver['push']): Promise<void> {
  const receiver = { push, close: async () => {} };
  while (await pushEvents({ pool, receiver, log, random: () => 0.5, leaseMs: 10_000 }));
}

/** A payment that has moved this often. */
async function movedPayment(moves: number): Promise<string> {
  const key = randomUUID();
  await pool.query('insert into payments (key, external_id) values ($1, $2)', [key, `order-${key}`]);
  await pool.query(
    `insert into journal (payment_key, version, from_status, to_status, cause)
     select $1::uuid, version, null, 'CREATED', 'read' from generate_series(1, $2::integer) as version`,
    [key, moves],
  );
  return key;
}

const pushOf = async (key: string) =>
  (
    await pool.query(
      `select attempts, faults, last_failure as failure, extract(epoch from due_at - capstan_now())::float8 as "dueS"
       from pushes where payment_key = $1`,
      [key],
    )
  ).rows[0];
const comeDue = () => pool.query('update pushes set due_at = capstan_now() where due_at is not null');

async function setAside(): Promise<string | undefined> {
  const registry = createRegistry('reconciler');
  measureSetAside(registry, pool, log);
  return /^capstan_set_aside\{kind="push"[^}]*\} (\d+)$/m.exec(await registry.metrics())?.[1];
}

test('an event whose push throws comes ever later, is told of after five tries, and holds up its own payment alone', async () => {
  const [broken, other] = [await movedPayment(2), await movedPayment(2)];
  for (const minutes of [1, 2, 4, 8, 16]) {
    expect(await setAside()).toBeUndefined();
    await pushAll(throwsFor(broken));
    expect((await pushOf(broken)).dueS).toBeCloseTo(60 * minutes, -1);
    await comeDue();
  }
  expect(await setAside()).toBe('1');
  expect(await pushOf(broken)).toMatchObject({ attempts: TRIES_MAX, failure: 'TypeError' });
  expect(taken).toEqual([
    [other, 1],
    [other, 2],
  ]);

  taken = [];
  await pushAll(takes);
  expect(taken).toEqual([
    [broken, 1],
    [broken, 2],
  ]);
  expect(await setAside()).toBeUndefined();
});

test('a try that the receiver ends begins the count of faults anew, and whatever it says can be kept', async () => {
  const key = await movedPayment(1);
  for (const push of [throws, throws, throws, throws, refuses]) {
    await pushAll(push);
    await comeDue();
  }
  expect(await pushOf(key)).toMatchObject({ attempts: 5, faults: 0, failure: 'half a word\uFFFD' });
});
