import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { migrate } from '@capstan/db/migrate';
import { describeSchema } from './describe-schema.ts';
import { startPostgres } from './embedded-postgres.ts';

const SCHEMA_FILE = fileURLToPath(new URL('../../../db/schema.sql', import.meta.url));

/** The schema as the migrations make it, on a PostgreSQL started for this alone. */
async function migratedSchema(): Promise<string> {
  const postgres = await startPostgres({ durability: 'fast' });
  try {
    await migrate(postgres.url);
    return await describeSchema(postgres.url);
  } finally {
    await postgres.stop();
  }
}

/** Where the two texts part, as both sides read there. */
function firstDifference(committed: string, actual: string): string {
  const [a, b] = [committed.split('\n'), actual.split('\n')];
  const at = b.findIndex((line, index) => line !== a[index]);
  const line = at === -1 ? b.length : at;
  return `line ${line + 1}\n  committed: ${a[line] ?? '(nothing)'}\n  migrated:  ${b[line] ?? '(nothing)'}`;
}

async function check(actual: string): Promise<void> {
  const committed = await readFile(SCHEMA_FILE, 'utf8').catch(() => '');
  if (committed === actual) return;
  console.error(
    `db/schema.sql is not what db/migrations make; first difference at ${firstDifference(committed, actual)}\nRun \`pnpm db:dump\` and commit the file.`,
  );
  process.exitCode = 1;
}

const [option, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (option !== undefined && option !== '--check')) {
  console.error('usage: dump-schema [--check]   writes db/schema.sql, or only compares it');
  process.exit(2);
}
const actual = await migratedSchema();
if (option === '--check') await check(actual);
else await writeFile(SCHEMA_FILE, actual);
