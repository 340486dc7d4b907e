import { migrate } from './migrate.ts';

const databaseUrl = process.env.DATABASE_URL;
if (!databaseUrl) {
  console.error(
    'DATABASE_URL is not set: give the PostgreSQL database to migrate, e.g. postgres://user@host/capstan',
  );
  process.exit(2);
}

const applied = await migrate(databaseUrl, console.error);
console.log(
  applied.length === 0
    ? 'The schema is current; nothing to apply.'
    : applied.map((name) => `applied ${name}`).join('\n'),
);
