import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { assertEncodingIsUtf8 } from './check-encoding.ts';
import { MIGRATIONS_DIR, MIGRATIONS_TABLE } from './migrations.ts';

/**
 * Brings the database to the current schema, each migration in its own transaction. Several processes may call
 * it at once: an advisory lock lets one work and the others find nothing left to do. Tables and book-keeping go where the
 * connection's `search_path` says.
 * @param databaseUrl of PostgreSQL itself: the lock needs a session.
 * @returns the names applied by this call, in order.
 */
export async function migrate(
  databaseUrl: string,
  report: (line: string) => void = () => {},
): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'capstan-migrate' });
  await client.connect();
  try {
    await assertEncodingIsUtf8(client);
    await waitAsLongAsItTakes(client);
    const applied = await runner({
      dbClient: client,
      dir: MIGRATIONS_DIR,
      direction: 'up',
      migrationsSchema: await findSchema(client),
      migrationsTable: MIGRATIONS_TABLE,
      singleTransaction: false,
      advisoryLockMode: 'wait',
      logger: { info: () => {}, warn: report, error: report },
    });
    return applied.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

/** Limits that the role has for the services are none for a migration: an index may take its time. */
async function waitAsLongAsItTakes(client: pg.Client): Promise<void> {
  await client.query(
    `select set_config(name, '0', false) from unnest(array['statement_timeout', 'lock_timeout', 'transaction_timeout',
       'idle_in_transaction_session_timeout', 'idle_session_timeout']) as name
     where current_setting(name, true) is not null`,
  );
}

/** Where the book-keeping is, else where new tables go: the same as what the services will see. */
async function findSchema(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ schema: string | null }>(
    `select coalesce((select relnamespace::regnamespace::name from pg_class where oid = to_regclass($1)), current_schema()) as schema`,
    [MIGRATIONS_TABLE],
  );
  const schema = rows[0]?.schema;
  if (schema) return schema;
  const { rows: paths } = await client.query<{ search_path: string }>('show search_path');
  throw new Error(
    `The search_path (${paths[0]?.search_path}) names no schema that exists: create it, or change the search_path of the role or database.`,
  );
}
