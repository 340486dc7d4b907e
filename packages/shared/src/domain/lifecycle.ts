import type { PaymentStatus } from './payment-status.ts';

/** A documented move and what brings it about. */
export interface Transition {
  from: readonly PaymentStatus[];
  to: PaymentStatus;
  cause: string;
}

export type Lifecycle = readonly Transition[];

/** Every documented move of a payment (dossier §6.2). */
export const PAYMENT_LIFECYCLE: Lifecycle = [
  { from: ['ATTEMPT'], to: 'CREATED', cause: 'a payment is created from it, or its deposit arrives' },
  { from: ['CREATED'], to: 'AUTHORIZED', cause: 'authorize, or the platform' },
  { from: ['CREATED', 'AUTHORIZED'], to: 'CAPTURED', cause: 'capture, or the platform on push rails' },
  {
    from: ['CREATED', 'AUTHORIZED', 'CAPTURED'],
    to: 'REQUIRES_REVIEW',
    cause: 'amount over the threshold, policy or operator of Conomy',
  },
  { from: ['REQUIRES_REVIEW'], to: 'CAPTURED', cause: 'review approved' },
  {
    from: ['REQUIRES_REVIEW'],
    to: 'CREATED',
    cause: 'review approved, the payment goes on where it was held (D3)',
  },
  { from: ['REQUIRES_REVIEW'], to: 'AUTHORIZED', cause: 'review approved, as other pages tell it (D3)' },
  { from: ['CAPTURED'], to: 'RECEIVED', cause: 'the rail confirms' },
  { from: ['CREATED'], to: 'SETTLED', cause: 'a push deposit is assigned' },
  { from: ['CAPTURED'], to: 'SETTLED', cause: 'push deposits and instant types, no confirmation shown' },
  { from: ['RECEIVED'], to: 'SETTLED', cause: 'reconciled' },
  { from: ['CAPTURED', 'RECEIVED'], to: 'UNSETTLED', cause: 'cannot be reconciled' },
  { from: ['ATTEMPT', 'CREATED', 'AUTHORIZED', 'REQUIRES_REVIEW'], to: 'EXPIRED', cause: 'its time ran out' },
  { from: ['REQUIRES_REVIEW'], to: 'FAILED', cause: 'review rejected' },
  {
    from: ['ATTEMPT', 'CREATED', 'AUTHORIZED', 'CAPTURED', 'RECEIVED'],
    to: 'FAILED',
    cause: 'error or rejection',
  },
];

/** A refund is a payment of its own, and its states come in another order (dossier §11, D29). */
export const REFUND_LIFECYCLE: Lifecycle = [
  { from: ['CREATED'], to: 'AUTHORIZED', cause: 'the platform' },
  { from: ['CREATED', 'AUTHORIZED'], to: 'RECEIVED', cause: 'the refund is taken in' },
  { from: ['CREATED', 'AUTHORIZED', 'RECEIVED'], to: 'CAPTURED', cause: 'the money is on its way back' },
  { from: ['RECEIVED', 'CAPTURED'], to: 'SETTLED', cause: 'the money is back' },
  { from: ['RECEIVED', 'CAPTURED'], to: 'UNSETTLED', cause: 'the money cannot be applied' },
  { from: ['CREATED', 'AUTHORIZED', 'RECEIVED'], to: 'EXPIRED', cause: 'its time ran out' },
  { from: ['CREATED', 'AUTHORIZED', 'RECEIVED', 'CAPTURED'], to: 'FAILED', cause: 'error or rejection' },
];

export function lifecycleOf(kind: 'payment' | 'attempt' | 'refund'): Lifecycle {
  return kind === 'refund' ? REFUND_LIFECYCLE : PAYMENT_LIFECYCLE;
}

export function isLegalSuccessor(lifecycle: Lifecycle, from: PaymentStatus, to: PaymentStatus): boolean {
  return lifecycle.some((transition) => transition.to === to && transition.from.includes(from));
}

/** Whether `to` can lie ahead of `from`, however many steps were not seen, but for a review begun and left again. */
export function isAhead(lifecycle: Lifecycle, from: PaymentStatus, to: PaymentStatus): boolean {
  return reachable(lifecycle, from, 'no_review').has(to);
}

/** The same, where a whole review may have passed unseen: nearly every open state then lies ahead of every other. */
export function isAheadThroughReview(lifecycle: Lifecycle, from: PaymentStatus, to: PaymentStatus): boolean {
  return reachable(lifecycle, from, 'review').has(to);
}

function reachable(
  lifecycle: Lifecycle,
  from: PaymentStatus,
  through: 'review' | 'no_review',
): ReadonlySet<PaymentStatus> {
  const seen = new Set<PaymentStatus>();
  const open: PaymentStatus[] = [from];
  for (let status = open.pop(); status !== undefined; status = open.pop()) {
    if (through === 'no_review' && status === 'REQUIRES_REVIEW' && from !== 'REQUIRES_REVIEW') continue;
    for (const { from: starts, to } of lifecycle) {
      if (!starts.includes(status) || seen.has(to)) continue;
      seen.add(to);
      open.push(to);
    }
  }
  return seen;
}
