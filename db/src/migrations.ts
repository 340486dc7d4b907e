import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The folder of numbered SQL migrations; it ships beside the code. */
export const MIGRATIONS_DIR = fileURLToPath(new URL('../migrations', import.meta.url));

/** The table in which the migration library records what was applied. */
export const MIGRATIONS_TABLE = 'schema_migrations';

/** Names of all migrations this version of the code knows, in order, without `.sql`. */
export async function knownMigrations(): Promise<string[]> {
  const files = await readdir(MIGRATIONS_DIR);
  return files
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}
