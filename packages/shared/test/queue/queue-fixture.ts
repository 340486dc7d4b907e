import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { type Logger, pino } from 'pino';
import { inject } from 'vitest';
// By path: the package @capstan/testing depends on this one, and packages may not depend on each other in a circle.
import { createDatabase, databaseUrl, dropDatabaseInUse } from '../../../local-stack/src/databases.ts';
import { type PrivateQueue, startQueue } from '../../../local-stack/src/private-queue.ts';

/** A queue on the engine `CAPSTAN_QUEUE` chooses that a test can take away and bring back. */
export interface BreakableQueue {
  url: string;
  /** Nobody can reach it until `restore`; what it held stays. */
  breakDown(): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function openBreakableQueue(): Promise<BreakableQueue> {
  const { queueChoice, postgresUrl } = inject('capstan');
  const name = `queue_${randomBytes(6).toString('hex')}`;
  const url = await createDatabase(postgresUrl, name);
  const queue = await startQueue(queueChoice, url);
  const dropDatabase = () => dropDatabaseInUse(postgresUrl, name);
  return queue.kind === 'redis'
    ? breakableRedis(queue, dropDatabase)
    : breakableDatabase(postgresUrl, name, dropDatabase);
}

function breakableRedis(queue: PrivateQueue, dropDatabase: () => Promise<void>): BreakableQueue {
  return {
    url: queue.url,
    breakDown: async () => {
      await queue.kill?.('SIGKILL');
    },
    restore: async () => {
      await queue.restart?.();
    },
    close: async () => {
      await queue.stop();
      await dropDatabase();
    },
  };
}

/** The shared server stays; this one database refuses and ends its connections. */
function breakableDatabase(
  serverUrl: string,
  name: string,
  dropDatabase: () => Promise<void>,
): BreakableQueue {
  return {
    url: databaseUrl(serverUrl, name),
    breakDown: () =>
      runStatements(serverUrl, [
        `alter database ${name} with allow_connections false`,
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`,
      ]),
    restore: () => runStatements(serverUrl, [`alter database ${name} with allow_connections true`]),
    close: dropDatabase,
  };
}

async function runStatements(url: string, statements: string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** A logger whose lines a test can look at. */
export function openLogRecorder(): { log: Logger; events: () => string[] } {
  const lines: { event?: string }[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { log, events: () => lines.map(({ event }) => event ?? '') };
}
