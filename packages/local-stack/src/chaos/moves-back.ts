import { isAhead, lifecycleOf } from '@capstan/shared/domain/lifecycle';
import { alarmOfStatus, isFinalStatus, type PaymentStatus } from '@capstan/shared/domain/payment-status';

/** Where a mirror went back, from the statuses it had in order; those without documented moves do not count. */
export function findMovesBack(kind: 'payment' | 'attempt' | 'refund', statuses: readonly string[]): string[] {
  const placed = statuses.filter((status): status is PaymentStatus => alarmOfStatus(status) === null);
  return placed.flatMap((to, nth) => {
    const from = placed[nth - 1] ?? to;
    const isForward = from === to || isFinalStatus(to) || isAhead(lifecycleOf(kind), from, to);
    return isForward ? [] : [`back from ${from} to ${to}`];
  });
}
