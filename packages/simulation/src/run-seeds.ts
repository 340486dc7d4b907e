import { FAULT_KINDS, FAULTS, type FaultCounts, type FaultKind } from './impoliteness.ts';
import { type Breach, INVARIANTS, type Invariant } from './invariants.ts';
import { POINTS, type PointCounts } from './points.ts';
import { runSeed } from './run-seed.ts';
import { openSimulationDatabase } from './simulation-database.ts';

export interface SimulationRun {
  seeds: number;
  points: PointCounts;
  /** How often each fault fired in all seeds. */
  faults: FaultCounts;
  broken: BrokenSeed[];
}

export interface BrokenSeed {
  seed: number;
  breaches: Breach[];
  /** Those that fired in it. */
  faults: FaultKind[];
}

export interface SeedsOptions {
  first: number;
  count: number;
  /** Stops at the first breach of it. */
  until?: Invariant;
  /** Faults that no seed plays. */
  without?: ReadonlySet<string>;
  /** The one fault that every seed plays. */
  only?: FaultKind;
}

/** Runs seeds one after the other on one migrated database that nobody else uses, or only until `until` is broken. */
export async function runSeeds(
  databaseUrl: string,
  { first, count, until, ...mood }: SeedsOptions,
): Promise<SimulationRun> {
  const database = await openSimulationDatabase(databaseUrl);
  const run: SimulationRun = { seeds: 0, points: new Map(), faults: new Map(), broken: [] };
  try {
    for (let seed = first; seed < first + count; seed += 1) {
      const { breaches, faults } = await runSeed(database, seed, run.points, mood);
      run.seeds += 1;
      for (const [kind, times] of faults) run.faults.set(kind, (run.faults.get(kind) ?? 0) + times);
      if (breaches.length === 0) continue;
      run.broken.push({ seed, breaches, faults: [...faults.keys()] });
      if (breaches.some(({ invariant }) => invariant === until)) break;
    }
  } finally {
    await database.close();
  }
  return run;
}

/** Each invariant with all seeds that broke it, then how often each fault fired and each point was met. */
export function describeRun({ seeds, points, faults, broken }: SimulationRun): string {
  const invariants = INVARIANTS.flatMap((invariant) => {
    const all = broken.filter(({ breaches }) => breaches.some((breach) => breach.invariant === invariant));
    const detail = all[0]?.breaches.find((breach) => breach.invariant === invariant)?.detail;
    if (detail === undefined) return [`ok      ${invariant}`];
    return [`BROKEN  ${invariant}: ${detail}`, `        in ${all.length} seeds: ${listSeeds(all)}`];
  });
  const fired = FAULT_KINDS.filter((kind) => faults.has(kind)).map((kind) => {
    const all = broken.filter((each) => each.faults.includes(kind));
    const where = all.length === 0 ? '' : `, in broken seeds ${listSeeds(all)}`;
    return `  ${kind}: ${faults.get(kind)} times${where}`;
  });
  const never = FAULT_KINDS.filter((kind) => !faults.has(kind)).map(
    (kind) => `  ${kind}: ${FAULTS[kind].does}`,
  );
  const met = POINTS.map((point) => {
    const { crossed, crashed, held } = points.get(point) ?? { crossed: 0, crashed: 0, held: 0 };
    return `  ${point}: ${crossed} times, ${crashed} crashes, ${held} stops`;
  });
  const parts = [`${seeds} seeds, ${broken.length} broken`, ...invariants, 'faults', ...fired];
  const silent = never.length === 0 ? [] : ['faults that never fired', ...never];
  return `${[...parts, ...silent, 'points', ...met].join('\n')}\n`;
}

function listSeeds(all: readonly BrokenSeed[]): string {
  return all.map(({ seed }) => seed).join(' ');
}
