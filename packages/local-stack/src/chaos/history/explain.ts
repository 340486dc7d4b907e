import type { Operation } from './operation.ts';
import { NOTHING_YET, type PaymentState, statesAfter } from './payment-machine.ts';

/**
 * Whether some order of the operations explains what was told: each takes place at one instant within its span, and the
 * machine allows it there. The search of Wing and Gong: an operation may be next when none that is left ended before it
 * began; what failed once from the same state with the same operations left is not tried again. One that has no end may
 * be left out.
 */
export function isExplainable(operations: readonly Operation[]): boolean {
  const failed = new Set<string>();
  const search = (left: readonly Operation[], state: PaymentState): boolean => {
    if (left.every(({ untilMs }) => untilMs === null)) return true;
    const seen = `${left.map((operation) => operations.indexOf(operation)).join(',')} ${JSON.stringify(state)}`;
    if (failed.has(seen)) return false;
    failed.add(seen);
    const firstEndMs = Math.min(...left.map(({ untilMs }) => untilMs ?? Number.POSITIVE_INFINITY));
    return left
      .filter(({ fromMs }) => fromMs <= firstEndMs)
      .some((next) => {
        const rest = left.filter((operation) => operation !== next);
        return statesAfter(state, next).some((after) => search(rest, after));
      });
  };
  return search(operations, NOTHING_YET);
}

/**
 * The shortest part of a history that cannot be explained: its shortest beginning, without what is not needed for the
 * contradiction. Null when all of it can.
 */
export function findUnexplained(operations: readonly Operation[]): Operation[] | null {
  if (isExplainable(operations)) return null;
  const ends = [...new Set(operations.flatMap(({ untilMs }) => untilMs ?? []))].sort((a, b) => a - b);
  // What cannot be explained up to one instant cannot be later either, so the first such instant is found by halving.
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isExplainable(until(operations, ends[middle] ?? 0))) low = middle + 1;
    else high = middle;
  }
  return withoutNeedless(until(operations, ends[low] ?? 0));
}

/** As it was known at an instant: what had not ended may or may not have taken place, and told nothing. */
function until(operations: readonly Operation[], ms: number): Operation[] {
  return operations
    .filter(({ fromMs }) => fromMs <= ms)
    .flatMap((operation) => {
      const { untilMs, act } = operation;
      if (untilMs === null || untilMs <= ms) return [operation];
      return act.kind === 'send' || act.kind === 'cancel'
        ? [{ ...operation, untilMs: null, act: { ...act, told: null } }]
        : [];
    });
}

/**
 * Without each that only tells something and is not needed; acceptances and effects explain others and stay, statuses
 * explain only what was seen of the payment.
 */
function withoutNeedless(operations: readonly Operation[]): Operation[] {
  const needed = operations.reduce<Operation[]>(
    (kept, operation) => {
      if (!onlyTells(operation)) return kept;
      const without = kept.filter((other) => other !== operation);
      return isExplainable(without) ? kept : without;
    },
    [...operations],
  );
  const isSeen = needed.some(({ act }) => act.kind === 'see');
  return isSeen ? needed : needed.filter(({ act }) => act.kind !== 'move');
}

function onlyTells({ act, untilMs }: Operation): boolean {
  const isLook = act.kind === 'look' || act.kind === 'see';
  return isLook || untilMs === null || (act.kind === 'cancel' && act.told === 'too_late');
}
