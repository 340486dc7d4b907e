import pg from 'pg';

/** BullMQ's default schema, which producers other than ours expect too. */
const SCHEMA = 'bullmq';

/**
 * Removes every job and all queue state BullMQ keeps in this database, as `FLUSHALL` does in Redis. Rows are
 * deleted table by table: truncating would lock out the workers at their next step, which losing jobs does not.
 */
export async function emptyPostgresQueue(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  // The server may be ended under it; the statement under way says so.
  client.on('error', () => {});
  await client.connect();
  try {
    for (const table of await listQueueTables(client)) await client.query(`delete from ${table}`);
  } finally {
    await client.end();
  }
}

/** All but the ledger of BullMQ's own migrations: the schema stays. */
async function listQueueTables(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ tablename: string }>(
    `select tablename from pg_tables where schemaname = $1::text and tablename <> 'migration' order by tablename`,
    [SCHEMA],
  );
  return rows.map(({ tablename }) => `${SCHEMA}.${pg.escapeIdentifier(tablename)}`);
}
