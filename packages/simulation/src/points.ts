import type { Random } from '@capstan/local-stack/demo/random';

const CALLS = [
  ...(['create', 'authorize', 'capture', 'refund', 'create_attempt', 'submit_document'] as const),
  ...(['read', 'list'] as const),
] as const;
export type CallName = (typeof CALLS)[number];

/** What a transaction wrote, as far as a reader of a failure needs to know it. */
const WRITTEN = [
  'an acceptance',
  'an intervention',
  'a claim and the attempt row of its call',
  'the outcome of a call',
  'the evidence of a read',
  'a delivery',
  'a read or a wait',
] as const;
export type Written = (typeof WRITTEN)[number];

export const beforeCommit = (what: Written) => `before the commit of ${what}` as const;
export const afterCommit = (what: Written) => `after the commit of ${what}` as const;
export const beforeCall = (call: CallName) => `before the call of ${call} leaves` as const;
export const afterCall = (call: CallName) =>
  `after the effect of ${call}, before its answer is recorded` as const;
export const BEFORE_STATEMENT = 'before a single update';
export const AFTER_STATEMENT = 'after a single update';
export const BEFORE_OFFER = 'before jobs are offered';
export const AFTER_OFFER = 'after jobs were offered';

/** Every named place at which a process may stop or die. */
export const POINTS = [
  ...WRITTEN.flatMap((what) => [beforeCommit(what), afterCommit(what)]),
  ...CALLS.flatMap((call) => [beforeCall(call), afterCall(call)]),
  BEFORE_STATEMENT,
  AFTER_STATEMENT,
  BEFORE_OFFER,
  AFTER_OFFER,
] as const;
export type Point = (typeof POINTS)[number];

export type Fate = { kind: 'go' } | { kind: 'hold'; ms: number } | { kind: 'crash' };

/** How often one point was passed, and how often a process stopped or died there. */
export interface PointCount {
  crossed: number;
  crashed: number;
  held: number;
}

export type PointCounts = Map<Point, PointCount>;

const CRASHES_MAX = 5;
/** At the seed's own point, beside the others. */
const OWN_CRASHES_MAX = 2;
const HOLDS_MAX = 8;
const GO: Fate = { kind: 'go' };

/**
 * Decides by seed what happens at each point. Every seed dies at one point of its own, so that a few hundred
 * seeds die everywhere; after a number of troubles all goes well, so that every run comes to an end.
 * @param rare points that this seed's workload may pass and few others do: every other seed dies at one of them.
 */
export function createFates(
  seed: number,
  random: Random,
  counts: PointCounts,
  rare: readonly Point[],
): (point: Point, mayHold: boolean) => Fate {
  const own = ownPoint(seed, rare);
  let crashes = 0;
  let ownCrashes = 0;
  let holds = 0;
  return (point, mayHold) => {
    const count = counts.get(point) ?? { crossed: 0, crashed: 0, held: 0 };
    counts.set(point, count);
    count.crossed += 1;
    const luck = random.whole(0, 99);
    const isOwn = point === own && ownCrashes < OWN_CRASHES_MAX;
    if (isOwn || (crashes < CRASHES_MAX && luck < 1)) {
      if (isOwn) ownCrashes += 1;
      else crashes += 1;
      count.crashed += 1;
      return { kind: 'crash' };
    }
    if (mayHold && holds < HOLDS_MAX && luck >= 94) {
      holds += 1;
      count.held += 1;
      return { kind: 'hold', ms: random.pick([50, 700, 2_500, 6_000, 12_000, 70_000, 140_000]) };
    }
    return GO;
  };
}

function ownPoint(seed: number, rare: readonly Point[]): Point | undefined {
  const turn = Math.floor(seed / 2);
  const points = seed % 2 === 0 && rare.length > 0 ? rare : POINTS;
  return points[turn % points.length];
}
