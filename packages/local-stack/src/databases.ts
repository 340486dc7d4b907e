import pg from 'pg';

/** Creates a database beside the one `url` names and returns its URL. `template` must have no sessions. */
export async function createDatabase(url: string, name: string, template = 'template1'): Promise<string> {
  const { escapeIdentifier } = pg;
  await runStatement(url, `create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)}`);
  return databaseUrl(url, name);
}

/**
 * Drops a database. PostgreSQL waits up to 5 s for its sessions to end and then refuses.
 * @param url of another database on the same server.
 */
export async function dropDatabase(url: string, name: string): Promise<void> {
  await runStatement(url, `drop database if exists ${pg.escapeIdentifier(name)}`);
}

/** Drops a database, ending the sessions that still use it. */
export async function dropDatabaseInUse(url: string, name: string): Promise<void> {
  await runStatement(url, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
}

/** The same server and credentials, another database. */
export function databaseUrl(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${encodeURIComponent(name)}`;
  return changed.href;
}

async function runStatement(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
