import { randomBytes } from 'node:crypto';
import { createDatabase, dropDatabase, dropDatabaseInUse } from '@capstan/local-stack/databases';
import pg from 'pg';
import { inject } from 'vitest';
import { registerFixture } from './open-fixtures.ts';
import './provided.ts';

export interface TestDatabase {
  readonly url: string;
  /** The same database for connections that live `offset` later (`'1 hour'`), as time passed for it. */
  urlLater(offset: string): string;
  /** Drops it. @throws naming the sessions that are still open: something under test was not closed. */
  drop(): Promise<void>;
}

/** An empty database with the current schema, for one test file or test. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { postgresUrl, templateDatabase } = inject('capstan');
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = await createDatabase(postgresUrl, name, templateDatabase);
  const urlLater = (offset: string) => {
    const later = new URL(url);
    later.searchParams.set('options', `-c capstan.clock_offset=${offset.replaceAll(' ', '\\ ')}`);
    return later.href;
  };
  return { url, urlLater, drop: registerFixture(`database ${name}`, () => dropUnused(postgresUrl, name)) };
}

async function dropUnused(postgresUrl: string, name: string): Promise<void> {
  try {
    await dropDatabase(postgresUrl, name);
  } catch (error) {
    const sessions = await describeSessions(postgresUrl, name);
    await dropDatabaseInUse(postgresUrl, name);
    throw new Error(
      `The test database ${name} is still in use; close its pools and workers first:\n${sessions}`,
      {
        cause: error,
      },
    );
  }
}

async function describeSessions(postgresUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ session: string }>(
      `select format('  %s %s: %s', coalesce(nullif(application_name, ''), 'a session'), state, left(query, 120)) as session
         from pg_stat_activity
        where datname = $1::text`,
      [name],
    );
    return rows.map(({ session }) => session).join('\n');
  } finally {
    await client.end();
  }
}
