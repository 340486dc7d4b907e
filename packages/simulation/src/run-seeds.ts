import { type Breach, INVARIANTS, type Invariant } from './invariants.ts';
import { POINTS, type PointCounts } from './points.ts';
import { runSeed } from './run-seed.ts';
import { openSimulationDatabase } from './simulation-database.ts';

export interface SimulationRun {
  seeds: number;
  points: PointCounts;
  broken: { seed: number; breaches: Breach[] }[];
}

/** Runs seeds one after the other on one migrated database that nobody else uses, or only until `until` is broken. */
export async function runSeeds(
  databaseUrl: string,
  { first, count, until }: { first: number; count: number; until?: Invariant },
): Promise<SimulationRun> {
  const database = await openSimulationDatabase(databaseUrl);
  const run: SimulationRun = { seeds: 0, points: new Map(), broken: [] };
  try {
    for (let seed = first; seed < first + count; seed += 1) {
      const breaches = await runSeed(database, seed, run.points);
      run.seeds += 1;
      if (breaches.length === 0) continue;
      run.broken.push({ seed, breaches });
      if (breaches.some(({ invariant }) => invariant === until)) break;
    }
  } finally {
    await database.close();
  }
  return run;
}

/** One line per invariant with the first seed that broke it, then how often each point was met. */
export function describeRun({ seeds, points, broken }: SimulationRun): string {
  const lines = INVARIANTS.map((invariant) => {
    const first = broken.find(({ breaches }) => breaches.some((breach) => breach.invariant === invariant));
    if (first === undefined) return `ok      ${invariant}`;
    const detail = first.breaches.find((breach) => breach.invariant === invariant)?.detail;
    return `BROKEN  ${invariant}: ${detail} (pnpm chaos --simulate 1 --seed ${first.seed})`;
  });
  const met = POINTS.map((point) => {
    const { crossed, crashed, held } = points.get(point) ?? { crossed: 0, crashed: 0, held: 0 };
    return `  ${point}: ${crossed} times, ${crashed} crashes, ${held} stops`;
  });
  return `${[`${seeds} seeds`, ...lines, 'points', ...met].join('\n')}\n`;
}
