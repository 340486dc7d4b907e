import { parseArgs } from 'node:util';
import { migrate } from '@capstan/db/migrate';
import { createDatabase } from '@capstan/local-stack/databases';
import { startPostgres } from '@capstan/local-stack/embedded-postgres';
import { FAULT_KINDS } from './impoliteness.ts';
import { describeRun, runSeeds } from './run-seeds.ts';

const EXIT_USAGE = 2;

/** What `pnpm chaos --simulate` runs: `--seeds N` from `--first S` on, on a PostgreSQL of its own. */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    first: { type: 'string', default: '1' },
    only: { type: 'string' },
  },
});
const only = FAULT_KINDS.find((kind) => kind === values.only);
if (values.only !== undefined && only === undefined) {
  process.stderr.write(`--only must be one of ${FAULT_KINDS.join(', ')}, not "${values.only}"\n`);
  process.exit(EXIT_USAGE);
}
const postgres = await startPostgres({ durability: 'fast' });
try {
  const url = await createDatabase(postgres.url, 'simulation');
  await migrate(url);
  const seeds = { first: Number(values.first), count: Number(values.seeds) };
  const run = await runSeeds(url, only === undefined ? seeds : { ...seeds, only });
  process.stdout.write(describeRun(run));
  process.exitCode = run.broken.length === 0 ? 0 : 1;
} finally {
  await postgres.stop();
}
