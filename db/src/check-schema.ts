import type { Pool } from 'pg';
import { knownMigrations, MIGRATIONS_TABLE } from './migrations.ts';

/** The database's schema is not the one this code was written for. */
export class SchemaNotCurrentError extends Error {
  readonly code = 'schema_not_current';

  constructor(message: string) {
    super(message);
    this.name = 'SchemaNotCurrentError';
  }
}

/**
 * Refuses a database that lacks a migration this code needs. A newer schema is accepted: during a rollout old
 * code runs beside it, and migrations are written so that it can.
 * @throws {SchemaNotCurrentError} naming what is missing and what to run.
 */
export async function assertSchemaIsCurrent(pool: Pool): Promise<void> {
  const applied = await appliedMigrations(pool);
  const missing = (await knownMigrations()).filter((name) => !applied.has(name));
  if (missing.length === 0) return;
  throw new SchemaNotCurrentError(
    `The database lacks ${missing.length} migration(s), first ${missing[0]}. Run \`pnpm db:migrate\` with the same DATABASE_URL, then start again.`,
  );
}

async function appliedMigrations(pool: Pool): Promise<Set<string>> {
  const exists = await pool.query('select to_regclass($1::text) is not null as exists', [MIGRATIONS_TABLE]);
  if (!exists.rows[0]?.exists) return new Set();
  const { rows } = await pool.query<{ name: string }>(`select name from ${MIGRATIONS_TABLE}`);
  return new Set(rows.map(({ name }) => name));
}
