/**
 * Conomy's payment states (dossier §6.1), one sentence each. Any other status is unknown: kept as sent, told to a person,
 * never final. Which moves there are between them stands in `lifecycle.ts`.
 */
export const PAYMENT_STATUSES = {
  ATTEMPT: { final: false, meaning: 'a validated intent; no payment yet' },
  CREATED: { final: false, meaning: 'recorded; instructions for the payer may exist' },
  AUTHORIZED: { final: false, meaning: 'funds are reserved; optional' },
  REQUIRES_REVIEW: { final: false, meaning: 'held until documents are reviewed' },
  CAPTURED: { final: false, meaning: 'the movement is committed and with the rail: progress, not success' },
  RECEIVED: { final: false, meaning: 'the rail confirmed; Conomy still reconciles' },
  DISPUTED: { final: false, meaning: 'older pages only, no moves documented: a person looks (D28)' },
  REVERSED: { final: false, meaning: 'older pages only, no moves documented: a person looks (D28)' },
  SETTLED: { final: true, meaning: 'reconciled and available: the only success' },
  UNSETTLED: { final: true, meaning: 'money arrived but cannot be applied' },
  EXPIRED: { final: true, meaning: 'its time ran out; a reservation went back' },
  FAILED: { final: true, meaning: 'error or rejection; a reservation was released' },
  REFUNDED: { final: true, meaning: 'older tenants only; refunds of today are payments of their own' },
} as const satisfies Record<string, { final: boolean; meaning: string }>;

export type PaymentStatus = keyof typeof PAYMENT_STATUSES;

/** Names of older documents for states of today (D4). */
export const STATUS_ALIASES: Readonly<Record<string, PaymentStatus>> = { PENDING: 'CREATED' };

/** A status as it is kept: every one passes as sent, but for an alias. */
export function readStatus(status: string): string {
  return Object.hasOwn(STATUS_ALIASES, status) ? (STATUS_ALIASES[status] ?? status) : status;
}

export function isKnownStatus(status: string): status is PaymentStatus {
  return Object.hasOwn(PAYMENT_STATUSES, status);
}

/** Final states never move again; an unknown status is never final. */
export function isFinalStatus(status: string | null): boolean {
  return status !== null && isKnownStatus(status) && PAYMENT_STATUSES[status].final;
}

/** States that stop what is automatic; no document says what leads into or out of them. */
const ALARMING = { DISPUTED: 'disputed', REVERSED: 'reversed' } as const;

export type StatusAlarm = (typeof ALARMING)[keyof typeof ALARMING] | 'unknown_status';

/** What a person is told when a payment shows this status; null for a state whose moves are documented. */
export function alarmOfStatus(status: string): StatusAlarm | null {
  if (!isKnownStatus(status)) return 'unknown_status';
  return status === 'DISPUTED' || status === 'REVERSED' ? ALARMING[status] : null;
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
