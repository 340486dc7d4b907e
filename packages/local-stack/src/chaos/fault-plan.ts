import {
  behaviourOf,
  FAULT_NAMES,
  FAULTS_BY_CLASS,
  type FaultName,
} from '@capstan/conomy-sandbox/fault-catalogue';
import type { FaultPlan, FaultRule } from '@capstan/conomy-sandbox/faults';
import { createRandom, type Random } from '../demo/random.ts';

/** What is done to the processes. Services are named by kind and number, from 0. */
export type Infliction =
  | { kind: 'kill'; service: ServiceName; downMs: number }
  | { kind: 'stop'; service: ServiceName; downMs: number }
  | { kind: 'flush' }
  | { kind: 'kill-redis'; downMs: number }
  | { kind: 'kill-postgres'; downMs: number }
  /** Every call of the provider meets this fault for a while. */
  | { kind: 'storm'; fault: FaultName; forMs: number };

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
const STORMS: readonly FaultName[] = ['503', '429', 'reset-before', 'refuse', 'revoked-token'];

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
  switch (random.whole(1, 8)) {
    case 1:
    case 2:
    case 3:
      return { kind: 'kill', service: random.pick(SERVICES), downMs: random.whole(100, 2_000) };
    case 4:
    case 5:
      return { kind: 'stop', service: random.pick(SERVICES), downMs: random.whole(...STOPPED_MS) };
    case 6:
      return queue === 'redis' && random.whole(0, 1) === 1
        ? { kind: 'kill-redis', downMs: random.whole(200, 3_000) }
        : { kind: 'flush' };
    default:
      return { kind: 'storm', fault: random.pick(STORMS), forMs: random.whole(500, 2_500) };
  }
}

/** How likely each fault meets a call it can meet; those that refuse for good are rare. */
const RARE: ReadonlySet<FaultName> = new Set([
  ...['403', '404', '409', '422', '501', 'twin', 'refuse', 'revoked-token'],
  // Each halves the rate of the whole system.
  ...['429', '429-without-retry-after'],
] as FaultName[]);
/** Every list scan meets several rows, so these two would make scans useless if they were frequent. */
const READS_ONLY = ['read', 'list'] as const;

/** Kinds whose defects are open: what of Capstan breaks by them is known, so runs leave them out unless asked. */
export const OPEN_DEFECTS: ReadonlySet<FaultName> = new Set<FaultName>([
  ...(Object.keys(FAULTS_BY_CLASS.strangers) as FaultName[]),
  ...(Object.keys(FAULTS_BY_CLASS.making) as FaultName[]),
  ...(Object.keys(FAULTS_BY_CLASS.lists) as FaultName[]),
  ...(Object.keys(FAULTS_BY_CLASS.refunds) as FaultName[]),
  ...(['gzip', 'byte-order-mark', '412'] as const),
  ...(['commit-then-404', 'commit-then-409', 'commit-then-412', 'commit-then-422'] as const),
  ...(['long-id', 'long-status', 'nul-in-id', 'nul-in-status'] as const),
  ...(['half-surrogate-in-id', 'half-surrogate-in-status', 'impossible-date'] as const),
  ...(['webhook-unsigned-members', 'webhook-other-white-space', 'webhook-doubled-members'] as const),
  'webhook-unstorable',
]);

/**
 * What goes wrong with the provider all along: every fault of the catalogue but those of open defects. Calls meet one
 * in about four, events one in two.
 */
export function providerFaults(seed: number): FaultPlan {
  return { seed, rules: FAULT_NAMES.filter((fault) => !OPEN_DEFECTS.has(fault)).flatMap(rulesOf) };
}

function rulesOf(fault: FaultName): FaultRule[] {
  const behaviour = behaviourOf(fault);
  if (behaviour.site === 'delivery') {
    const probability = fault === 'webhook-drop' ? 0.3 : fault === 'webhook-bad-signature' ? 0.05 : 0.1;
    return [{ operation: 'webhook', fault, probability }];
  }
  const writes = (['create', 'authorize', 'capture', 'refund', 'attempt', 'documents'] as const).filter(
    (operation) => behaviour.operations?.includes(operation) ?? true,
  );
  const reads = READS_ONLY.filter((operation) => behaviour.operations?.includes(operation) ?? true);
  const probability = RARE.has(fault) ? 0.004 : 0.012;
  const delayMs = fault === 'commit-then-timeout' ? {} : delayOf(fault);
  return [
    ...writes.map((operation): FaultRule => ({ operation, fault, probability, ...delayMs })),
    ...reads
      .filter(() => isHarmlessToReads(fault))
      .map((operation): FaultRule => ({ operation, fault, probability: readProbability(fault), ...delayMs })),
  ];
}

/** Lists are few, since one serves every lost create of an account; what only they can meet is frequent there. */
function readProbability(fault: FaultName): number {
  return fault === 'missing-fields' ? 0.1 : 0.006;
}

/** A read that is refused for good says something untrue about the payment; the provider does not lie that way. */
function isHarmlessToReads(fault: FaultName): boolean {
  return !['403', '404', '409', '422', '501', 'lag', 'refuse'].includes(fault);
}

function delayOf(fault: FaultName): { delayMs?: number } {
  const delays: Partial<Record<FaultName, number>> = {
    refuse: 400,
    slow: 1_500,
    'slow-bytes': 700,
    lag: 2_000,
    '429': 1_000,
  };
  const delayMs = delays[fault];
  return delayMs === undefined ? {} : { delayMs };
}
