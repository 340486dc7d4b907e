import type { Stack } from '@capstan/local-stack/stack';
import pg from 'pg';

/** One question to the stack's database. */
export async function askDatabase<R extends pg.QueryResultRow>(
  stack: Stack,
  sql: string,
  values: unknown[] = [],
): Promise<R[]> {
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  try {
    return (await client.query<R>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
