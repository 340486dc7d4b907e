import pg from 'pg';
import { expect, test } from 'vitest';
import { closeLeakedFixtures, registerFixture } from '../src/open-fixtures.ts';
import { createTestDatabase } from '../src/test-database.ts';
import { createTestQueue } from '../src/test-queue.ts';

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('a test database has the current schema and is nobody else’s', async () => {
  const [mine, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const tables = `select 1 from pg_tables where schemaname = 'public'`;
  expect((await query(mine.url, tables)).length).toBeGreaterThan(0);
  await query(mine.url, 'create table only_mine ()');
  expect(await query(other.url, `select to_regclass('only_mine') as found`)).toEqual([{ found: null }]);
  await Promise.all([mine.drop(), other.drop()]);
  await expect(query(mine.url, 'select 1')).rejects.toThrow('does not exist');
});

test('a database with an open session is dropped, and the session is named as a leak', async () => {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url, application_name: 'forgotten-pool' });
  client.on('error', () => {});
  await client.connect();
  await client.query('select 42');
  await expect(database.drop()).rejects.toThrow(/still in use[\s\S]*forgotten-pool idle: select 42/);
  await expect(query(database.url, 'select 1')).rejects.toThrow('does not exist');
});

test('a test queue can be emptied and is closed once', async () => {
  const database = await createTestDatabase();
  const queue = await createTestQueue(database.url);
  await queue.flush();
  await Promise.all([queue.stop(), queue.stop()]);
  await database.drop();
});

test('a fixture left open is closed and named', async () => {
  let closed = 0;
  const close = async () => {
    closed += 1;
  };
  registerFixture('a worker', close);
  await registerFixture('a closed worker', close)();
  await expect(closeLeakedFixtures()).rejects.toThrow(
    'Left open by this file: a worker. Close them in afterAll',
  );
  expect(closed).toBe(2);
  await closeLeakedFixtures();
});
