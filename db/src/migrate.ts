import { runner } from 'node-pg-migrate';
import { MIGRATIONS_DIR, MIGRATIONS_TABLE } from './migrations.ts';

/**
 * Brings the database to the current schema, each migration in its own transaction. Several processes may call
 * it at once: an advisory lock lets one work and the others find nothing left to do.
 * @returns the names applied by this call, in order.
 */
export async function migrate(
  databaseUrl: string,
  report: (line: string) => void = () => {},
): Promise<string[]> {
  const applied = await runner({
    databaseUrl,
    dir: MIGRATIONS_DIR,
    direction: 'up',
    migrationsTable: MIGRATIONS_TABLE,
    singleTransaction: false,
    advisoryLockMode: 'wait',
    logger: { info: () => {}, warn: report, error: report },
  });
  return applied.map(({ name }) => name);
}
