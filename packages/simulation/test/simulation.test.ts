import { openPool } from '@capstan/shared/db/pool';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { createTestDatabase } from '@capstan/testing/test-database';
import { expect, onTestFinished, test } from 'vitest';
import { FAULT_KINDS, type FaultKind } from '../src/impoliteness.ts';
import { POINTS } from '../src/points.ts';
import { runSeeds } from '../src/run-seeds.ts';

/** Seeds of one fault that are tried, ten at a time, for one that few workloads can meet. */
const SEEDS_OF_A_RARE_FAULT = 200;

test('200 seeds of crashes, stops and an impolite provider keep every invariant, and processes died at every named point', {
  timeout: 900_000,
}, async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const { broken, points, faults } = await runSeeds(database.url, { first: 1, count: 200 });
  expect(broken).toEqual([]);
  const neverDiedAt = POINTS.filter((point) => (points.get(point)?.crashed ?? 0) === 0);
  expect(neverDiedAt).toEqual([]);
  const neverPlayed = [];
  for (const kind of FAULT_KINDS.filter((each) => !faults.has(each)))
    if (!(await isPlayedAlone(database.url, kind))) neverPlayed.push(kind);
  expect(neverPlayed).toEqual([]);
});

async function isPlayedAlone(url: string, only: FaultKind): Promise<boolean> {
  for (let first = 1; first <= SEEDS_OF_A_RARE_FAULT; first += 10) {
    const { broken, faults } = await runSeeds(url, { first, count: 10, only });
    expect(broken).toEqual([]);
    if (faults.has(only)) return true;
  }
  return false;
}

test('work that fails again and again ends the run with a breach', async () => {
  const database = await createTestDatabase();
  const pool = openPool({
    url: database.url,
    name: 'failing',
    max: 1,
    log: createLogger('failing', 'silent'),
  });
  await pool.query('alter table attempts add constraint attempts_fail_in_this_test check (false) not valid');
  await pool.end();
  const { broken } = await runSeeds(database.url, { first: 1, count: 1 });
  await database.drop();
  expect(broken[0]?.breaches.map(({ invariant }) => invariant)).toContain('no work fails unexpectedly');
});

// Not each: rows that tie come in the order of their ids, which are new in each run.
test('a seed takes the same course again, as a rule', { timeout: 120_000 }, async () => {
  const database = await createTestDatabase();
  const courseOf = async (first: number) =>
    JSON.stringify([...(await runSeeds(database.url, { first, count: 1 })).points]);
  let same = 0;
  for (let seed = 1; seed <= 6; seed += 1) {
    const [once, again] = [await courseOf(seed), await courseOf(seed)];
    if (again === once) same += 1;
  }
  await database.drop();
  expect(same).toBeGreaterThanOrEqual(3);
});
