import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
// By path, as in the fixtures: packages may not depend on each other in a circle.
import { migrate } from '../../../../db/src/migrate.ts';
import { createTestDatabase, type TestDatabase } from '../../../testing/src/test-database.ts';
import type { Pool } from '../../src/db/pool.ts';
import { createLifecycle, type Lifecycle } from '../../src/process/lifecycle.ts';
import { openDatabase } from '../../src/process/open-database.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

const log = createLogger('test', 'fatal');
let database: TestDatabase;
let lifecycle: Lifecycle;
beforeEach(async () => {
  database = await createTestDatabase();
  lifecycle = createLifecycle(log);
});
afterEach(async () => {
  await lifecycle.stop();
  await database.drop();
});

function open(url: string): Promise<Pool> {
  const config = {
    DATABASE_URL: url,
    DATABASE_DIRECT_URL: '',
    DATABASE_STATEMENTS: 'named' as const,
    CONOMY_BASE_URL: 'https://conomy.test/api',
    CONOMY_CLIENT_ID: 'tenant',
  };
  return openDatabase(config, { name: 'test', connectionsMax: 2 }, log, lifecycle);
}

/** Statements in one session of the database. */
async function run(url: string, ...statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}

const inDatabase = (setting: string) =>
  `do $do$ begin execute format($f$alter database %I set ${setting}$f$, current_database()); end $do$`;

describe('a start is ended, with the server’s words,', () => {
  const urlWith = (change: (url: URL) => void) => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };

  test('by a wrong password (28P01)', async () => {
    const url = urlWith((u) => {
      u.password = 'wrong';
    });
    await expect(open(url)).rejects.toThrow('password authentication failed for user "postgres"');
  });

  test('by a database that does not exist (3D000)', async () => {
    const url = urlWith((u) => {
      u.pathname = '/there_is_none';
    });
    await expect(open(url)).rejects.toThrow('database "there_is_none" does not exist');
  });

  test('by a parameter that the server refuses', async () => {
    const url = urlWith((u) => u.searchParams.set('options', '-c no_such_setting=1'));
    await expect(open(url)).rejects.toThrow('unrecognized configuration parameter "no_such_setting"');
  });
});

describe('a database that is not UTF8', () => {
  const name = () => `latin_${createHash('sha1').update(database.url).digest('hex').slice(0, 12)}`;
  const latinUrl = () => {
    const url = new URL(database.url);
    url.pathname = `/${name()}`;
    return url.href;
  };
  beforeEach(() =>
    run(
      database.url,
      `create database ${name()} template template0 encoding 'LATIN1' lc_collate 'C' lc_ctype 'C'`,
    ),
  );
  afterEach(async () => {
    await lifecycle.stop();
    await run(database.url, `drop database ${name()}`);
  });

  test('is refused by the start and by the migrations, which write nothing', async () => {
    await expect(migrate(latinUrl())).rejects.toThrow(/encoding LATIN1.*encoding 'UTF8'/);
    await expect(open(latinUrl())).rejects.toThrow(/encoding LATIN1/);
    await run(latinUrl(), 'create table schema_migrations ()');
  });
});

describe('a schema of one’s own, by search_path', () => {
  test('takes tables and book-keeping, and a service starts in it', async () => {
    await run(
      database.url,
      'drop schema public cascade',
      'create schema payments_of_us',
      inDatabase('search_path to payments_of_us'),
    );
    const applied = await migrate(database.url);
    expect(applied.length).toBeGreaterThan(30);
    expect(await migrate(database.url)).toEqual([]);
    const pool = await open(database.url);
    const { rows } = await pool.query(
      `select distinct schemaname as schema from pg_tables where tablename in ('commands', 'schema_migrations')`,
    );
    expect(rows).toEqual([{ schema: 'payments_of_us' }]);
  });

  test('that does not exist is named', async () => {
    await run(database.url, 'drop schema public cascade', inDatabase('search_path to nowhere'));
    await expect(migrate(database.url)).rejects.toThrow(/search_path \(nowhere\) names no schema/);
  });
});

test('a role without any right but that to make things in its schema migrates', async () => {
  const role = `migrate_${randomBytes(6).toString('hex')}`;
  await run(
    database.url,
    'drop schema public cascade',
    `create role ${role} login password 'of-the-test'`,
    `create schema of_${role} authorization ${role}`,
    `alter role ${role} set search_path to of_${role}`,
    // What the role has for a pooler's sake holds up no migration.
    `alter role ${role} set statement_timeout to '1ms'`,
  );
  const url = new URL(database.url);
  url.username = role;
  url.password = 'of-the-test';
  expect((await migrate(url.href)).length).toBeGreaterThan(30);
  await run(database.url, `drop owned by ${role} cascade`, `drop role ${role}`);
});

test('what a DBA sets for the database changes nothing that the code relies on', async () => {
  const odd = {
    client_encoding: 'LATIN1',
    client_min_messages: 'error',
    DateStyle: 'SQL, DMY',
    default_transaction_isolation: 'serializable',
    extra_float_digits: '-3',
    idle_in_transaction_session_timeout: '1h',
    idle_session_timeout: '1s',
    IntervalStyle: 'sql_standard',
    lock_timeout: '1ms',
    standard_conforming_strings: 'off',
    statement_timeout: '10min',
    synchronous_commit: 'off',
    TimeZone: 'Asia/Tokyo',
    transaction_timeout: '5s',
  };
  await run(database.url, ...Object.entries(odd).map(([name, value]) => inDatabase(`${name} to '${value}'`)));
  const pool = await open(database.url);
  const { rows } = await pool.query(
    'select name, current_setting(name) as value from unnest($1::text[]) as name',
    [Object.keys(odd)],
  );
  expect(Object.fromEntries(rows.map(({ name, value }) => [name, value]))).toEqual({
    client_encoding: 'UTF8',
    client_min_messages: 'notice',
    DateStyle: 'ISO, MDY',
    default_transaction_isolation: 'read committed',
    extra_float_digits: '1',
    idle_in_transaction_session_timeout: '15s',
    idle_session_timeout: '0',
    IntervalStyle: 'postgres',
    lock_timeout: '0',
    standard_conforming_strings: 'on',
    statement_timeout: '15s',
    synchronous_commit: 'on',
    TimeZone: 'UTC',
    transaction_timeout: '0',
  });
});

test('a stronger promise of the database stays', async () => {
  await run(database.url, inDatabase('synchronous_commit to remote_apply'));
  const { rows } = await (await open(database.url)).query('show synchronous_commit');
  expect(rows).toEqual([{ synchronous_commit: 'remote_apply' }]);
});
