/**
 * Conomy's payment states and the moves between them (dossier §6). Whether a move may be made on the word of a
 * delivery or only of a read is decided in `mirror-move.ts`.
 */
export const PAYMENT_STATUSES = {
  /** Pre-validated intent; no payment yet. */
  ATTEMPT: { final: false, next: ['CREATED', 'EXPIRED', 'FAILED'] },
  /** Recorded; instructions for the payer may exist. */
  CREATED: {
    final: false,
    next: ['AUTHORIZED', 'CAPTURED', 'SETTLED', 'REQUIRES_REVIEW', 'EXPIRED', 'FAILED'],
  },
  /** Funds reserved; optional. */
  AUTHORIZED: { final: false, next: ['CAPTURED', 'REQUIRES_REVIEW', 'EXPIRED', 'FAILED'] },
  /** Held until documents are reviewed. What follows an approval differs between the documents (D3). */
  REQUIRES_REVIEW: { final: false, next: ['CREATED', 'AUTHORIZED', 'CAPTURED', 'FAILED', 'EXPIRED'] },
  /** The movement is committed and with the rail. Progress, not success. */
  CAPTURED: { final: false, next: ['RECEIVED', 'SETTLED', 'UNSETTLED', 'REQUIRES_REVIEW', 'FAILED'] },
  /** The rail confirmed; Conomy still reconciles. */
  RECEIVED: { final: false, next: ['SETTLED', 'UNSETTLED', 'FAILED'] },
  /** Reconciled and available: the only success. */
  SETTLED: { final: true, next: [] },
  /** Money arrived but cannot be applied. */
  UNSETTLED: { final: true, next: [] },
  /** Its time ran out; a reservation went back. */
  EXPIRED: { final: true, next: [] },
  /** Error or rejection; a reservation was released. */
  FAILED: { final: true, next: [] },
  /** Older tenants only; refunds of today are payments of their own. */
  REFUNDED: { final: true, next: [] },
} as const satisfies Record<string, { final: boolean; next: readonly string[] }>;

export type PaymentStatus = keyof typeof PAYMENT_STATUSES;

export function isKnownStatus(status: string): status is PaymentStatus {
  return Object.hasOwn(PAYMENT_STATUSES, status);
}

/** Final states never move again; an unknown status is never final. */
export function isFinalStatus(status: string | null): boolean {
  return status !== null && isKnownStatus(status) && PAYMENT_STATUSES[status].final;
}

/** Statuses that can only follow a capture that was taken (dossier §5.5). */
const CAPTURE_TAKEN: ReadonlySet<string> = new Set([
  'CAPTURED',
  'RECEIVED',
  'SETTLED',
  'UNSETTLED',
  'REFUNDED',
]);

export function isCaptureTaken(status: string): boolean {
  return CAPTURE_TAKEN.has(status);
}

export function isLegalSuccessor(from: PaymentStatus, to: PaymentStatus): boolean {
  return (PAYMENT_STATUSES[from].next as readonly PaymentStatus[]).includes(to);
}

/** Whether `to` can lie ahead of `from`, however many steps were not seen. Leaving a review is only ahead of a review. */
export function isAhead(from: PaymentStatus, to: PaymentStatus): boolean {
  const seen = new Set<PaymentStatus>();
  const open: PaymentStatus[] = [from];
  for (let status = open.pop(); status !== undefined; status = open.pop()) {
    if (status === 'REQUIRES_REVIEW' && from !== 'REQUIRES_REVIEW') continue;
    for (const next of PAYMENT_STATUSES[status].next as readonly PaymentStatus[]) {
      if (next === to) return true;
      if (!seen.has(next)) {
        seen.add(next);
        open.push(next);
      }
    }
  }
  return false;
}
