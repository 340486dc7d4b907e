import { existsSync } from 'node:fs';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase, dropDatabase } from '../src/databases.ts';
import { type PostgresServer, startPostgres } from '../src/embedded-postgres.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await startPostgres({ durability: 'fast' });
});

afterAll(() => server.stop());

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('the server listens on loopback only and wants its password', async () => {
  expect(await query(server.url, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
  const wrong = new URL(server.url);
  wrong.password = 'wrong';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
});

test('a new database is a copy of its template and can be dropped', async () => {
  const template = await createDatabase(server.url, 'template-of "mine"');
  await query(template, `create table marker as select 'copied'::text as word`);
  const copy = await createDatabase(server.url, 'copy', 'template-of "mine"');
  expect(await query(copy, 'select word from marker')).toEqual([{ word: 'copied' }]);
  await dropDatabase(server.url, 'copy');
  await expect(query(copy, 'select 1')).rejects.toThrow('does not exist');
});

test('a server killed like in a crash has its data again after a restart, at the same url', async () => {
  await query(server.url, `create table marker as select 'kept'::text as word`);
  const { pid } = server;
  await server.kill('SIGKILL');
  await expect(query(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED');
  await server.restart();
  expect(server.pid).not.toBe(pid);
  expect(await query(server.url, 'select word from marker')).toEqual([{ word: 'kept' }]);
});

test('a durable server keeps what a power cut must not lose; a fast one does not try', async () => {
  const durable = await startPostgres();
  try {
    expect(await query(durable.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(server.url, 'show fsync')).toEqual([{ fsync: 'off' }]);
  } finally {
    await durable.stop();
  }
});

test('stop ends open sessions, removes the data and may be called again', async () => {
  const stopped = await startPostgres({ durability: 'fast' });
  const [directory] = await query(stopped.url, 'show data_directory');
  const client = new pg.Client({ connectionString: stopped.url });
  const ended = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  await Promise.all([stopped.stop(), stopped.stop(), ended]);
  expect(existsSync(String(directory?.data_directory))).toBe(false);
});

test('a directory without PostgreSQL in PG_BIN is named in the error', async () => {
  const before = process.env.PG_BIN;
  process.env.PG_BIN = '/nowhere';
  try {
    await expect(startPostgres()).rejects.toThrow(
      'PG_BIN="/nowhere" holds no usable PostgreSQL: there is no initdb',
    );
  } finally {
    if (before === undefined) delete process.env.PG_BIN;
    else process.env.PG_BIN = before;
  }
});
