import { readFileSync } from 'node:fs';
import { migrate } from './migrate.ts';

const databaseUrl = read('DATABASE_DIRECT_URL') || read('DATABASE_URL');
if (!databaseUrl) {
  console.error(
    'Neither DATABASE_URL nor DATABASE_URL_FILE is set: give the PostgreSQL database to migrate, e.g. postgres://user@host/capstan',
  );
  process.exit(2);
}

const applied = await migrate(databaseUrl, console.error).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
console.log(
  applied.length === 0
    ? 'The schema is current; nothing to apply.'
    : applied.map((name) => `applied ${name}`).join('\n'),
);

/** A secret comes from the environment or from the file that the environment names. */
function read(name: string): string | undefined {
  const file = process.env[`${name}_FILE`];
  return file ? readFileSync(file, 'utf8').trimEnd() : process.env[name];
}
