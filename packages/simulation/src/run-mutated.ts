import { openPool } from '@capstan/shared/db/pool';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { FAULT_KINDS } from './impoliteness.ts';
import { findMutation } from './mutations.ts';
import { runSeeds } from './run-seeds.ts';

/** Runs seeds under the mutation that `load-mutated.ts` applied, until the breach that has to be noticed, and prints what was as JSON. */
const [databaseUrl = '', seeds = '0'] = process.argv.slice(2);
const pool = openPool({
  url: databaseUrl,
  name: 'mutation',
  max: 1,
  log: createLogger('mutation', 'silent'),
});
const { statements, noticedBy, only, first = 1 } = findMutation(process.env.CAPSTAN_MUTATION ?? '');
for (const statement of statements) await pool.query(statement);
await pool.end();
// What the lost calls alone show needs no impolite provider.
const mood = only === undefined ? { without: new Set(FAULT_KINDS) } : { only };
const run = await runSeeds(databaseUrl, { first, count: Number(seeds), until: noticedBy, ...mood });
process.stdout.write(
  JSON.stringify({ seeds: run.seeds, breaches: run.broken.flatMap(({ breaches }) => breaches) }),
);
