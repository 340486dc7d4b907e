// What callers keep across an upgrade and a restore: their keys, and how far they have read events (migration 000033).
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { expect, test } from 'vitest';
import { createTestDatabase } from '../../packages/testing/src/test-database.ts';

const MIGRATION = new URL('../migrations/000033_know_what_callers_keep.sql', import.meta.url);

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const streamOf = (url: string, role = 'current_user') =>
  withClient(url, async (client) => {
    if (role !== 'current_user') await client.query(`set role ${role}`);
    return (await client.query('select events_stream() as stream')).rows[0].stream as string;
  });

test('a copy of the database is another stream, and the database itself stays one', async () => {
  const database = await createTestDatabase();
  const copy = `${new URL(database.url).pathname.slice(1)}_copy`;
  const stream = await streamOf(database.url);
  expect(await streamOf(database.url)).toBe(stream);
  const elsewhere = new URL(database.url);
  elsewhere.pathname = '/postgres';
  await withClient(elsewhere.href, (client) =>
    client.query(`create database ${copy} template ${new URL(database.url).pathname.slice(1)}`),
  );
  const ofCopy = new URL(database.url);
  ofCopy.pathname = `/${copy}`;
  expect(await streamOf(ofCopy.href)).not.toBe(stream);
  await withClient(elsewhere.href, (client) => client.query(`drop database ${copy}`));
  await database.drop();
});

test('tables that were dropped and restored are another stream', async () => {
  const database = await createTestDatabase();
  const stream = await streamOf(database.url);
  await withClient(database.url, (client) =>
    client.query('alter table events rename to lost; create table events (like lost including all)'),
  );
  expect(await streamOf(database.url)).not.toBe(stream);
  await database.drop();
});

test('a role without any right of a superuser is told the stream', async () => {
  const database = await createTestDatabase();
  const role = `plain_${process.pid}`;
  await withClient(database.url, (client) =>
    client.query(
      `create role ${role}; grant usage on schema public to ${role}; grant select on events to ${role}`,
    ),
  );
  expect(await streamOf(database.url, role)).toBe(await streamOf(database.url));
  await withClient(database.url, (client) => client.query(`drop owned by ${role}; drop role ${role}`));
  await database.drop();
});

test('a key that was kept with its quotes is the bare key, unless that has a command of its own', async () => {
  const database = await createTestDatabase();
  const keys = ['"alone"', '"both"', 'both', '"a b"', '"in"side"', 'x"', '"a,b"', '"]^"'];
  const [update = ''] = readFileSync(MIGRATION, 'utf8').split(/;\n/);
  const after = await withClient(database.url, async (client) => {
    for (const key of keys)
      await client.query(
        `with payment as (insert into payments (key, external_id) values (gen_random_uuid(), $1) returning key)
         insert into commands (id, idempotency_key, fingerprint, type, payment_key, steps, status, accepted_by)
         select gen_random_uuid(), $1, decode(repeat('00', 32), 'hex'), 'payment.capture', key, '{capture}', 'blocked', 'test'
         from payment`,
        [key],
      );
    await client.query(update);
    return (await client.query('select idempotency_key as key from commands order by position')).rows;
  });
  expect(after.map(({ key }) => key)).toEqual([
    'alone',
    '"both"',
    'both',
    '"a b"',
    '"in"side"',
    'x"',
    'a,b',
    ']^',
  ]);
  await database.drop();
});
