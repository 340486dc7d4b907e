import type { FaultName } from '@capstan/conomy-sandbox/fault-catalogue';
import { createRandom, type Random } from '../demo/random.ts';

/** What is done to the processes. Services are named by kind and number, from 0. */
export type Infliction =
  | { kind: 'kill'; service: ServiceName; downMs: number }
  | { kind: 'stop'; service: ServiceName; downMs: number }
  | { kind: 'flush' }
  | { kind: 'kill-redis'; downMs: number }
  | { kind: 'kill-postgres'; downMs: number }
  /** Every call of the provider meets this fault for a while. */
  | { kind: 'storm'; fault: FaultName; forMs: number }
  /** The database's clock steps, for a while or for good; every session is cut. */
  | { kind: 'step-database-clock'; stepMs: number; forMs: number | null }
  /** From now on the provider's clock is this far ahead of ours. */
  | { kind: 'set-provider-clock'; aheadMs: number };

export interface ServiceName {
  part: 'apis' | 'capturers' | 'reconcilers';
  index: number;
}

export interface PlannedInfliction {
  atMs: number;
  infliction: Infliction;
}

const SERVICES: readonly ServiceName[] = [
  { part: 'apis', index: 1 },
  { part: 'capturers', index: 0 },
  { part: 'capturers', index: 1 },
  { part: 'capturers', index: 2 },
  { part: 'reconcilers', index: 0 },
  { part: 'reconcilers', index: 1 },
];

/** Longer than a claim of the run's capturers lives, so that a stopped one wakes up past its claim. */
const STOPPED_MS = [3_000, 9_000] as const;
/** Seldom: refused credentials are offered again after 10 s, and each 429 halves the rate for half a minute. */
const STORMS: readonly FaultName[] = [
  ...(['503', 'reset-before', 'refuse', '503', 'reset-before', 'refuse'] as const),
  ...(['429', 'revoked-token'] as const),
];
/** Enough for the breaker to open; a longer one would have its later probes fail, which wait twice as long each. */
const STORM_MS = [300, 1_000] as const;
/** Between the beginnings of two: longer than the breaker waits for its first four probes, so that calls are made again. */
const STORM_PAUSE_MS = [9_000, 13_000] as const;
const FIRST_STORM_MS = [2_000, 6_000] as const;

/** What is inflicted on a run with this seed, in order of time. */
export function drawInflictions(
  seed: number,
  seconds: number,
  queue: 'redis' | 'postgres',
): PlannedInfliction[] {
  const random = createRandom(seed ^ 0x5eed);
  const planned: PlannedInfliction[] = [];
  const lastAtMs = seconds * 900;
  for (let atMs = 1_000; atMs < lastAtMs; atMs += random.whole(1_200, 3_200)) {
    planned.push({ atMs, infliction: drawInfliction(random, queue) });
  }
  for (let atMs = random.whole(...FIRST_STORM_MS); atMs < lastAtMs; atMs += random.whole(...STORM_PAUSE_MS)) {
    const storm = { kind: 'storm', fault: random.pick(STORMS), forMs: random.whole(...STORM_MS) } as const;
    planned.push({ atMs, infliction: storm });
  }
  // The rarest ones belong to every run.
  for (const infliction of everyRun(queue, random)) {
    planned.push({ atMs: random.whole(1_000, Math.max(lastAtMs, 1_001)), infliction });
  }
  return planned.sort((a, b) => a.atMs - b.atMs);
}

function everyRun(queue: 'redis' | 'postgres', random: Random): Infliction[] {
  return [
    { kind: 'kill-postgres', downMs: random.whole(200, 1_500) },
    { kind: 'flush' },
    ...(queue === 'redis' ? [{ kind: 'kill-redis', downMs: random.whole(200, 3_000) } as const] : []),
    { kind: 'kill', service: random.pick(SERVICES), downMs: random.whole(100, 2_000) },
    { kind: 'stop', service: random.pick(SERVICES), downMs: random.whole(...STOPPED_MS) },
  ];
}

function drawInfliction(random: Random, queue: 'redis' | 'postgres'): Infliction {
  switch (random.whole(1, 6)) {
    case 1:
    case 2:
    case 3:
      return { kind: 'kill', service: random.pick(SERVICES), downMs: random.whole(100, 2_000) };
    case 4:
    case 5:
      return { kind: 'stop', service: random.pick(SERVICES), downMs: random.whole(...STOPPED_MS) };
    default:
      return queue === 'redis' && random.whole(0, 1) === 1
        ? { kind: 'kill-redis', downMs: random.whole(200, 3_000) }
        : { kind: 'flush' };
  }
}

const HOUR_MS = 3_600_000;

/** In one of so many runs the database's clock goes as it should: only there can deadlines be judged. */
const RUNS_PER_STEADY_CLOCK = 3;

/**
 * The database's clock steps back by an hour and returns, and later an hour ahead for good: what was put off while it
 * was ahead would otherwise wait for an hour after the run.
 */
export function drawDatabaseClockSteps(seed: number, seconds: number): PlannedInfliction[] {
  const random = createRandom(seed ^ 0xc10c);
  if (seed % RUNS_PER_STEADY_CLOCK === 0) return [];
  const backAtMs = random.whole(1_000, Math.max(1_001, seconds * 400));
  const forMs = random.whole(1_000, 4_000);
  return [
    { atMs: backAtMs, infliction: { kind: 'step-database-clock', stepMs: -HOUR_MS, forMs } },
    {
      atMs: random.whole(backAtMs + forMs, Math.max(backAtMs + forMs + 1, seconds * 900)),
      infliction: { kind: 'step-database-clock', stepMs: HOUR_MS, forMs: null },
    },
  ];
}

/** The provider's clock drifts by minutes, two times in a run. */
export function drawProviderClockSteps(seed: number, seconds: number): PlannedInfliction[] {
  const random = createRandom(seed ^ 0xda7e);
  return [1, 2].map(() => ({
    atMs: random.whole(500, Math.max(501, seconds * 900)),
    infliction: { kind: 'set-provider-clock', aheadMs: random.whole(-9, 9) * 60_000 },
  }));
}
