import { readFileSync } from 'node:fs';
import { migrate } from './migrate.ts';

const { DATABASE_URL, DATABASE_URL_FILE } = process.env;
const databaseUrl = DATABASE_URL_FILE ? readFileSync(DATABASE_URL_FILE, 'utf8').trimEnd() : DATABASE_URL;
if (!databaseUrl) {
  console.error(
    'Neither DATABASE_URL nor DATABASE_URL_FILE is set: give the PostgreSQL database to migrate, e.g. postgres://user@host/capstan',
  );
  process.exit(2);
}

const applied = await migrate(databaseUrl, console.error);
console.log(
  applied.length === 0
    ? 'The schema is current; nothing to apply.'
    : applied.map((name) => `applied ${name}`).join('\n'),
);
