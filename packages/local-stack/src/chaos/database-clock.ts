import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';

/** Steps the clock by which Capstan goes: for every session from now on, those that are open are cut. */
export interface DatabaseClock {
  step(ms: number): Promise<void>;
}

const AGAIN_MS = 300;

export function createDatabaseClock(databaseUrl: string, signal: AbortSignal): DatabaseClock {
  let offsetMs = 0;
  return {
    step: async (ms) => {
      offsetMs += ms;
      // PostgreSQL may be on its way up, or the machine busy.
      while (!(await setOffset(databaseUrl, offsetMs))) await delay(AGAIN_MS, undefined, { signal });
    },
  };
}

async function setOffset(databaseUrl: string, offsetMs: number): Promise<boolean> {
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    // A name and a number of ours: `alter database` takes no parameters.
    const database = client.escapeIdentifier(client.database ?? '');
    await client.query(`alter database ${database} set "capstan.clock_offset" = '${offsetMs} milliseconds'`);
    await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and pid <> pg_backend_pid()`,
    );
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
