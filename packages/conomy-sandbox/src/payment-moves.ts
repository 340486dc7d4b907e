import type { Payment, PaymentStatus } from './payment.ts';

/** Moves open to every payment that is not final. */
const FROM_ANY_OPEN = ['FAILED', 'DISPUTED', 'REVERSED'] as const;

/** The union of the moves the provider's documents support; an empty row is a final status. */
const LEGAL_MOVES: Record<PaymentStatus, readonly PaymentStatus[]> = {
  ATTEMPT: ['CREATED', 'EXPIRED', ...FROM_ANY_OPEN],
  CREATED: ['AUTHORIZED', 'CAPTURED', 'SETTLED', 'REQUIRES_REVIEW', 'EXPIRED', ...FROM_ANY_OPEN],
  AUTHORIZED: ['CAPTURED', 'REQUIRES_REVIEW', 'EXPIRED', ...FROM_ANY_OPEN],
  REQUIRES_REVIEW: ['CAPTURED', 'AUTHORIZED', 'CREATED', 'EXPIRED', ...FROM_ANY_OPEN],
  CAPTURED: ['RECEIVED', 'SETTLED', 'UNSETTLED', 'REQUIRES_REVIEW', ...FROM_ANY_OPEN],
  RECEIVED: ['SETTLED', 'UNSETTLED', ...FROM_ANY_OPEN],
  DISPUTED: FROM_ANY_OPEN,
  REVERSED: FROM_ANY_OPEN,
  SETTLED: ['REFUNDED'],
  UNSETTLED: [],
  EXPIRED: [],
  FAILED: [],
  REFUNDED: [],
};

/** A refund begins RECEIVED and may be CAPTURED after that: its own order, in a table of its own. */
const LEGAL_REFUND_MOVES: Partial<Record<PaymentStatus, readonly PaymentStatus[]>> = {
  RECEIVED: ['CAPTURED', 'SETTLED', 'UNSETTLED', 'FAILED'],
  CAPTURED: ['SETTLED', 'UNSETTLED', 'FAILED'],
};

function movesOf({ type, status }: Payment): readonly PaymentStatus[] {
  return type === 'REFUND' ? (LEGAL_REFUND_MOVES[status] ?? []) : LEGAL_MOVES[status];
}

/** Why `payment` may not move to `to`, as a sentence; null when it may. */
export function explainIllegalMove(payment: Payment, to: PaymentStatus): string | null {
  const { id, status, gatedFrom } = payment;
  const legal = movesOf(payment).filter((next) => next !== status);
  if (!legal.includes(to)) {
    const open = legal.length > 0 ? `only to ${legal.join(', ')}` : 'nowhere: the status is final';
    return `payment ${id} is ${status} and cannot move to ${to}; it can move ${open}`;
  }
  if (status === 'REQUIRES_REVIEW' && !resumesReview(to, gatedFrom)) {
    return `payment ${id} was gated at ${gatedFrom} and cannot resume at ${to}`;
  }
  return null;
}

/** A review ends where it began or further on: never before a capture that already took the money. */
function resumesReview(to: PaymentStatus, gatedFrom: PaymentStatus | undefined): boolean {
  if (to === 'CREATED') return gatedFrom === 'CREATED';
  if (to === 'AUTHORIZED') return gatedFrom !== 'CAPTURED';
  return true;
}
