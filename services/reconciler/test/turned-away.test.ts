import { randomUUID } from 'node:crypto';
import { listDiscrepancies } from '@capstan/shared/db/discrepancies';
import { openPool, type Pool } from '@capstan/shared/db/pool';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { createTestDatabase, type TestDatabase } from '@capstan/testing/test-database';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noticeTurnedAway } from '../src/notice-turned-away.ts';

// Scenario: Conomy turns every write of a command away and nothing else is tried that would tell why.
// Goal: a person is told after a quarter of an hour, once, and no longer than it is so.

let database: TestDatabase;
const log = createLogger('test', 'fatal');

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Notices as a reconciler does whose clock is `offset` ahead. */
async function notice(offset: string): Promise<void> {
  const pool = openPool({ url: database.urlLater(offset), name: 'later', max: 1, log });
  await noticeTurnedAway({ pool, log } as Parameters<typeof noticeTurnedAway>[0]).finally(() => pool.end());
}

async function withPool<T>(work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool({ url: database.url, name: 'test', max: 1, log });
  return work(pool).finally(() => pool.end());
}

const told = () =>
  withPool(async (pool) =>
    (await listDiscrepancies(pool, { kind: 'write_turned_away' }, { after: null, limit: 10 })).map(
      ({ paymentKey, status }) => ({ paymentKey, status }),
    ),
  );

/** A command whose writes have been turned away `count` times, and the key of its payment. */
async function turnedAway(count: number): Promise<{ id: string; key: string }> {
  const [id, key] = [randomUUID(), randomUUID()];
  await withPool(async (pool) => {
    await pool.query('insert into payments (key, external_id) values ($1, $2)', [key, `ext-${key}`]);
    await pool.query(
      `insert into commands (id, idempotency_key, fingerprint, type, payment_key, create_body, steps, status, accepted_by,
         alarm_at, offer_at)
       values ($1::uuid, $1::text, decode(repeat('00', 32), 'hex'), 'payment.create', $2, '{}', '{create}', 'executing', 'test',
         capstan_now() + interval '15 minutes', capstan_now())`,
      [id, key],
    );
    for (let number = 1; number <= count; number++)
      await attempt(pool, { id, key, number, outcome: 'retryable' });
  });
  return { id, key };
}

async function attempt(
  pool: Pool,
  { id, key, number, outcome }: { id: string; key: string; number: number; outcome: string },
): Promise<void> {
  await pool.query(
    `insert into attempts (command_id, payment_key, step, operation, number, claim_epoch, worker, deadline_at, finished_at,
       outcome, failure)
     values ($1, $2, 0, 'create', $3, 1, 'test', capstan_now(), capstan_now(), $4::text,
       case when $4::text = 'retryable' then '{"stage":"not_sent","reason":"connect_refused"}'::jsonb end)`,
    [id, key, number, outcome],
  );
}

test('it is told of after fifteen minutes and once, and explained when the write is taken', async () => {
  const { id, key } = await turnedAway(3);
  await notice('14 minutes');
  expect(await told()).toEqual([]);
  await notice('16 minutes');
  await notice('17 minutes');
  expect(await told()).toEqual([{ paymentKey: key, status: 'open' }]);
  await withPool((pool) => attempt(pool, { id, key, number: 4, outcome: 'succeeded' }));
  await notice('18 minutes');
  expect(await told()).toEqual([{ paymentKey: key, status: 'explained' }]);
});

test('of one whose write was taken in time nobody is told', async () => {
  const { id, key } = await turnedAway(1);
  await withPool((pool) => attempt(pool, { id, key, number: 2, outcome: 'succeeded' }));
  await notice('16 minutes');
  expect((await told()).filter(({ paymentKey }) => paymentKey === key)).toEqual([]);
});

test('one of which PostgreSQL refuses to keep anything leaves nobody else untold, and is tried again later', async () => {
  const commands = [await turnedAway(1), await turnedAway(1), await turnedAway(1)];
  const keys = commands.map(({ key }) => key);
  const refused = commands[1] as (typeof commands)[number];
  const change = (sql: string) => withPool((pool) => pool.query(`alter table discrepancies ${sql}`));
  const toldOf = async (status: string) =>
    (await told())
      .filter((one) => one.status === status)
      .map(({ paymentKey }) => keys.indexOf(paymentKey ?? ''))
      .filter((nth) => nth >= 0)
      .sort();

  await change(`add constraint refused check (payment_key <> '${refused.key}')`);
  await notice('16 minutes');
  expect(await toldOf('open')).toEqual([0, 2]);
  await change('drop constraint refused');
  await notice('16 minutes');
  expect(await toldOf('open')).toEqual([0, 2]);
  await notice('32 minutes');
  expect(await toldOf('open')).toEqual([0, 1, 2]);

  // What is over for the others is taken back all the same.
  for (const { id, key } of commands)
    await withPool((pool) => attempt(pool, { id, key, number: 2, outcome: 'succeeded' }));
  await change(`add constraint refused check (payment_key <> '${refused.key}' or status = 'open')`);
  await notice('33 minutes');
  expect(await toldOf('explained')).toEqual([0, 2]);
  await change('drop constraint refused');
  await notice('34 minutes');
  expect(await toldOf('explained')).toEqual([0, 1, 2]);
});
