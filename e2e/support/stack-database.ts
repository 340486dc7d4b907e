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

/** Statements one after the other, each by itself, in one session. */
export async function askInOneSession(
  stack: Pick<Stack, 'databaseUrl'>,
  statements: readonly string[],
): Promise<void> {
  const client = new pg.Client({ connectionString: stack.databaseUrl });
  await client.connect();
  try {
    for (const sql of statements) await client.query(sql);
  } finally {
    await client.end();
  }
}
