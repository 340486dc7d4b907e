/** Events pushed to a real HTTP receiver, from a real PostgreSQL. */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openPool, type Pool } from '@capstan/shared/db/pool';
import {
  configureEndpoint,
  enableEndpoint,
  findEndpoint,
  hastenFailedPushes,
} from '@capstan/shared/db/pushes';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import { measurePendingPushes } from '@capstan/shared/telemetry/unfinished-work';
import { createTestDatabase } from '@capstan/testing/test-database';
import { until } from '@capstan/testing/until';
import { Webhook } from 'standardwebhooks';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { isPublicAddress } from '../src/push/public-address.ts';
import { pushEvents } from '../src/push/push-events.ts';
import { createReceiver, type Receiver } from '../src/push/receiver.ts';

const SECRETS = [randomBytes(24), randomBytes(32)].map((bytes) => `whsec_${bytes.toString('base64')}`);
const log = createLogger('pushes-test', 'silent');

interface Got {
  id: string;
  body: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: asserted field by field.
  data: any;
}

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let pool: Pool;
let server: Server;
let receiver: Receiver;
let got: Got[];
/** How the receiver answers an event; a status, with a Retry-After in seconds where one is given. */
let answer: (got: Got) => number | { status: number; retryAfter: number };

beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool({ url: database.url, name: 'pushes-test', max: 10, log });
  server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const delivery = {
        id: String(request.headers['webhook-id']),
        body,
        headers: request.headers,
        data: JSON.parse(body).data,
      };
      got.push(delivery);
      const said = answer(delivery);
      const { status, retryAfter } = typeof said === 'number' ? { status: said, retryAfter: 0 } : said;
      response.writeHead(status, retryAfter > 0 ? { 'retry-after': String(retryAfter) } : {}).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await pool.end();
  await database.drop();
});

const url = (host = '127.0.0.1') => `http://${host}:${(server.address() as AddressInfo).port}/events`;

beforeEach(async () => {
  got = [];
  answer = () => 204;
  await pool.query('truncate pushes, push_endpoint, events, journal, commands, payments cascade');
  receiver = createReceiver({ url: url(), secrets: SECRETS, allowPrivateAddresses: true, timeoutMs: 2_000 });
  await configureEndpoint(pool, url());
});
afterEach(() => receiver.close());

const context = () => ({ pool, receiver, log, random: () => 0.5, leaseMs: 10_000 });

/** Until nothing is due now. */
async function pushAll(): Promise<void> {
  while (await pushEvents(context()));
}

async function insertPayment(): Promise<string> {
  const key = randomUUID();
  await pool.query('insert into payments (key, external_id) values ($1, $2)', [key, `order-${key}`]);
  return key;
}

async function move(key: string, ...versions: number[]): Promise<void> {
  for (const version of versions)
    await pool.query(
      `insert into journal (payment_key, version, from_status, to_status, cause) values ($1, $2, null, 'CREATED', 'read')`,
      [key, version],
    );
}

const sequencesOf = (key: string) =>
  got.filter(({ data }) => data.paymentKey === key).map(({ data }) => data.sequence);
const pushOf = async (key: string) =>
  (
    await pool.query(
      `select next_sequence, attempts, last_failure, extract(epoch from due_at - now())::float8 as "dueS" from pushes where payment_key = $1`,
      [key],
    )
  ).rows[0];
const makeDue = () => pool.query('update pushes set due_at = now() where due_at is not null');

test('a push is timed by the clock of the database, whatever the clock of its machine says', async () => {
  const ahead = openPool({ url: database.urlLater('3 hours'), name: 'ahead-test', max: 2, log });
  await move(await insertPayment(), 1);
  while (await pushEvents({ ...context(), pool: ahead }));
  await ahead.end();
  const [push] = got;
  const aheadMs = Number(push?.headers['webhook-timestamp']) * 1_000 - Date.now();
  expect(aheadMs / 3_600_000).toBeCloseTo(3, 1);
});

test('events arrive in the order of their payment, signed with every secret', async () => {
  const [one, other] = [await insertPayment(), await insertPayment()];
  await move(one, 1, 2, 3);
  await move(other, 1);
  await pushAll();
  expect(sequencesOf(one)).toEqual([1, 2, 3]);
  expect(sequencesOf(other)).toEqual([1]);
  for (const { body, headers } of got)
    for (const secret of SECRETS)
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toMatchObject({
        type: 'payment.moved',
        timestamp: expect.any(String),
        data: { payment: { status: null, final: false } },
      });
  expect(await pushOf(one)).toMatchObject({ next_sequence: 4, dueS: null });
});

test('an event that is not taken comes again with the same id and the same bytes, and holds up no other payment', async () => {
  const [refused, taken] = [await insertPayment(), await insertPayment()];
  await move(refused, 1, 2);
  await move(taken, 1, 2);
  answer = ({ data }) => (data.paymentKey === refused ? 500 : 204);
  await pushAll();
  expect(sequencesOf(taken)).toEqual([1, 2]);
  expect(sequencesOf(refused)).toEqual([1]);
  expect(await pushOf(refused)).toMatchObject({ attempts: 1, last_failure: 'answered with 500' });
  answer = () => 204;
  await makeDue();
  await pushAll();
  expect(sequencesOf(refused)).toEqual([1, 1, 2]);
  const [first, again] = got.filter(({ data }) => data.paymentKey === refused);
  expect([again?.id, again?.body]).toEqual([first?.id, first?.body]);
});

test('waits grow and a Retry-After is obeyed', async () => {
  const key = await insertPayment();
  await move(key, 1);
  answer = () => 503;
  await pushAll();
  expect((await pushOf(key)).dueS).toBeCloseTo(5, 0);
  await makeDue();
  await pushAll();
  expect((await pushOf(key)).dueS).toBeCloseTo(60, 0);
  answer = () => ({ status: 429, retryAfter: 3_600 });
  await makeDue();
  await pushAll();
  expect((await pushOf(key)).dueS).toBeCloseTo(3_600, -1);
});

test.each([
  ['a receiver that is not there', () => 'http://127.0.0.1:1/events', /ECONNREFUSED/],
  ['a redirect', () => url(), /answered with 302/],
])('%s takes nothing', async (_what, to, reason) => {
  const key = await insertPayment();
  await move(key, 1);
  answer = () => 302;
  await receiver.close();
  receiver = createReceiver({ url: to(), secrets: SECRETS, allowPrivateAddresses: true, timeoutMs: 2_000 });
  await pushAll();
  expect((await pushOf(key)).last_failure).toMatch(reason);
});

test('what failed before is tried soon once something was taken again', async () => {
  const keys = [await insertPayment(), await insertPayment()];
  for (const key of keys) await move(key, 1);
  answer = () => 500;
  await pushAll();
  await pool.query(`update pushes set due_at = now() + interval '1 day'`);
  expect((await findEndpoint(pool))?.failingSince).not.toBeNull();
  answer = () => 204;
  await pool.query('update pushes set due_at = now() where payment_key = $1', [keys[0]]);
  await pushAll();
  expect((await findEndpoint(pool))?.failingSince).toBeNull();
  expect((await pushOf(keys[1] ?? '')).dueS).toBeLessThanOrEqual(60);
});

test('however many failed before, they are made due in batches, and the receiver that fails again is left in peace', async () => {
  await pool.query(
    `with p as (
       insert into payments (key, external_id) select gen_random_uuid(), 'many-' || n from generate_series(1, 2500) n returning key
     )
     insert into pushes (payment_key, next_sequence, attempts, due_at) select key, 1, 3, now() + interval '1 day' from p`,
  );
  const later = async () =>
    (await pool.query(`select from pushes where due_at > now() + interval '1 hour'`)).rowCount;
  await pool.query('update push_endpoint set recovering = true');
  expect(await hastenFailedPushes(pool, 1_000)).toBe(1_000);
  expect(await later()).toBe(1_500);
  const key = await insertPayment();
  await move(key, 1);
  answer = () => 500;
  await pushEvents({ pool, receiver, log, random: () => 0.5, leaseMs: 60_000 });
  expect(await hastenFailedPushes(pool, 1_000)).toBe(0);
  await pool.query('update push_endpoint set recovering = true');
  while ((await hastenFailedPushes(pool, 1_000)) > 0);
  expect(await later()).toBe(0);
  expect((await pool.query('select recovering from push_endpoint')).rows).toEqual([{ recovering: false }]);
});

describe('pushes are off', () => {
  test('after a 410, and go on where they stopped when a person enables them', async () => {
    const key = await insertPayment();
    await move(key, 1);
    answer = () => 410;
    await pushAll();
    expect(await findEndpoint(pool)).toMatchObject({ disabledReason: 'the receiver answered with 410' });
    await move(key, 2);
    await makeDue();
    await pushAll();
    expect(sequencesOf(key)).toEqual([1]);
    const registry = createRegistry('reconciler');
    measurePendingPushes(registry, pool, log);
    expect(await registry.metrics()).toMatch(/^capstan_pending_pushes\{state="disabled"[^}]*\} 1$/m);
    answer = () => 204;
    await enableEndpoint(pool);
    await pushAll();
    expect(sequencesOf(key)).toEqual([1, 1, 2]);
  });

  test('after five days in which nothing was taken', async () => {
    const key = await insertPayment();
    await move(key, 1);
    answer = () => 500;
    await pushAll();
    await pool.query(`update push_endpoint set failing_since = now() - interval '121 hours'`);
    await makeDue();
    await pushAll();
    expect((await findEndpoint(pool))?.disabledReason).toMatch(/nothing was taken for 5\.0 days/);
  });

  test('until another URL is configured', async () => {
    await pool.query(`update push_endpoint set disabled_at = now(), disabled_reason = 'x'`);
    await configureEndpoint(pool, url());
    expect((await findEndpoint(pool))?.disabledAt).not.toBeNull();
    await configureEndpoint(pool, 'https://elsewhere.example/events');
    expect(await findEndpoint(pool)).toMatchObject({
      url: 'https://elsewhere.example/events',
      disabledAt: null,
    });
  });
});

test('a process that dies with a push under way leaves it to another, and events that come meanwhile wait', async () => {
  const key = await insertPayment();
  await move(key, 1);
  const begun = Promise.withResolvers<void>();
  const push = () => {
    begun.resolve();
    return new Promise<never>(() => {});
  };
  void pushEvents({ ...context(), receiver: { ...receiver, push } });
  await begun.promise;
  await move(key, 2);
  await pushAll();
  expect(sequencesOf(key)).toEqual([]);
  await makeDue();
  await pushAll();
  expect(sequencesOf(key)).toEqual([1, 2]);
});

test('two processes push each event once', async () => {
  const keys = await Promise.all(Array.from({ length: 20 }, insertPayment));
  for (const key of keys) await move(key, 1, 2, 3);
  const pushed = async () => got.length === 60;
  await until(
    async () => {
      await Promise.all([pushEvents(context()), pushEvents(context())]);
      return pushed();
    },
    { deadlineMs: 10_000, what: 'all events to be pushed' },
  );
  for (const key of keys) expect(sequencesOf(key)).toEqual([1, 2, 3]);
});

test('a first endpoint gets what happens from then on, and nothing older that nobody has read yet', async () => {
  const key = await insertPayment();
  await pool.query('truncate push_endpoint');
  await move(key, 1);
  await configureEndpoint(pool, url());
  await move(key, 2);
  await pushAll();
  expect(sequencesOf(key)).toEqual([2]);
});

describe('an address', () => {
  test.each([
    ['8.8.8.8', true],
    ['2606:4700:4700::1111', true],
    ['127.0.0.1', false],
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['192.168.1.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['0.0.0.0', false],
    ['::1', false],
    ['fd00::1', false],
    ['fe80::1', false],
    ['::ffff:127.0.0.1', false],
    ['not an address', false],
  ])('%s is public: %s', (address, isPublic) => {
    expect(isPublicAddress(address)).toBe(isPublic);
  });

  test.each(['127.0.0.1', 'localhost'])('that is private is not connected to: %s', async (host) => {
    const key = await insertPayment();
    await move(key, 1);
    await receiver.close();
    receiver = createReceiver({
      url: url(host),
      secrets: SECRETS,
      allowPrivateAddresses: false,
      timeoutMs: 2_000,
    });
    await pushAll();
    expect(got).toEqual([]);
    expect((await pushOf(key)).last_failure).toMatch(/^private_address: .* is not a public address/);
  });
});
