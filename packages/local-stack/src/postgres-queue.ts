import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';

/** BullMQ's default schema, which producers other than ours expect too. */
const SCHEMA = 'bullmq';
const TRIES_MAX = 10;
const DEADLOCK_DETECTED = '40P01';

/** Removes every job and all queue state BullMQ keeps in this database, as `FLUSHALL` does in Redis. */
export async function emptyPostgresQueue(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tables = await listQueueTables(client);
    if (tables.length > 0) await truncateAmongWorkers(client, tables);
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

/** Running workers lock the same tables in their own order: PostgreSQL may end either side, so try again. */
async function truncateAmongWorkers(client: pg.Client, tables: string[]): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await client.query(`truncate ${tables.join(', ')}`);
      return;
    } catch (error) {
      const deadlock = (error as { code?: string }).code === DEADLOCK_DETECTED;
      if (!deadlock || tries === TRIES_MAX) throw error;
      await wait(tries * 20);
    }
  }
}
