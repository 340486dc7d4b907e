import { parseArgs } from 'node:util';
import { migrate } from '@capstan/db/migrate';
import { createDatabase } from '@capstan/local-stack/databases';
import { startPostgres } from '@capstan/local-stack/embedded-postgres';
import { describeRun, runSeeds } from './run-seeds.ts';

/** What `pnpm chaos --simulate` runs: `--seeds N` from `--first S` on, on a PostgreSQL of its own. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    first: { type: 'string', default: '1' },
  },
});
const postgres = await startPostgres({ durability: 'fast' });
try {
  const url = await createDatabase(postgres.url, 'simulation');
  await migrate(url);
  const run = await runSeeds(url, { first: Number(values.first), count: Number(values.seeds) });
  process.stdout.write(describeRun(run));
  process.exitCode = run.broken.length === 0 ? 0 : 1;
} finally {
  await postgres.stop();
}
