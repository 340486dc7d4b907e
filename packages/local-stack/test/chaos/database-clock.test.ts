/** The clock by which Capstan goes steps for a whole database, under services that are connected to it. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createDatabaseClock } from '../../src/chaos/database-clock.ts';
import { createDatabase, dropDatabase } from '../../src/databases.ts';

const { postgresUrl, templateDatabase } = inject('capstan');
const name = `clock_${randomBytes(4).toString('hex')}`;
let url: string;

beforeAll(async () => {
  url = await createDatabase(postgresUrl, name, templateDatabase);
});
afterAll(() => dropDatabase(postgresUrl, name));

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/** How far Capstan's clock is ahead of the server's, in minutes, for who connects now. */
async function minutesAhead(): Promise<number> {
  const client = await connect();
  try {
    const { rows } = await client.query<{ ahead: number }>(
      'select round(extract(epoch from capstan_now() - statement_timestamp()) / 60)::int as ahead',
    );
    return rows[0]?.ahead ?? Number.NaN;
  } finally {
    await client.end();
  }
}

test('each step adds to those before, and sessions that were open are cut', async () => {
  const clock = createDatabaseClock(url, new AbortController().signal);
  const open = await connect();
  const isCut = new Promise<void>((cut) => open.once('end', () => cut()));
  await clock.step(-3_600_000);
  await isCut;
  expect(await minutesAhead()).toBe(-60);
  await clock.step(3_600_000);
  expect(await minutesAhead()).toBe(0);
  await clock.step(3_600_000);
  expect(await minutesAhead()).toBe(60);
});
