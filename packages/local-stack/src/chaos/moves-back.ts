import { isAhead, isFinalStatus, isKnownStatus } from '@capstan/shared/domain/payment-status';

/** Where a mirror went back, from the statuses it had in order; those nobody knows do not count. */
export function findMovesBack(statuses: readonly string[]): string[] {
  const known = statuses.filter(isKnownStatus);
  return known.flatMap((to, nth) => {
    const from = known[nth - 1] ?? to;
    return from === to || isFinalStatus(to) || isAhead(from, to) ? [] : [`back from ${from} to ${to}`];
  });
}
