import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { UnknownAttempt } from '@capstan/shared/db/unknown-attempts';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';

/** A claimed capture of a CREATED payment, or what `over` makes of it. */
export function claimedCommand(over: Partial<ClaimedCommand> = {}): ClaimedCommand {
  return {
    id: '0197f0a0-0000-7000-8000-000000000001',
    epoch: 1,
    type: 'payment.capture',
    steps: ['capture'],
    stepsDone: 0,
    failures: 0,
    tries: 0,
    vainReads: 0,
    createBody: null,
    refund: null,
    document: null,
    notAfterAtMs: null,
    deadlinePassed: false,
    redriven: false,
    paymentKey: '0197f0a0-0000-7000-8000-000000000002',
    duplicateOf: null,
    paymentKind: 'payment',
    paymentType: 'COLLECT',
    conomyId: 'conomy-1',
    externalId: 'order-1',
    asked: null,
    isCompared: true,
    differs: [],
    amountDiffers: false,
    paymentStatus: 'CREATED',
    paymentAgeMs: 0,
    paymentVersion: 1,
    documentationStatus: null,
    attempt: null,
    ...over,
  };
}

/** A first capture whose answer was lost, nothing read yet, its deadline just past. */
export function unknownAttempt(over: Partial<UnknownAttempt> = {}): UnknownAttempt {
  const startedAt = new Date('2026-05-18T10:00:00Z');
  return {
    id: 1,
    number: 1,
    operation: 'capture',
    startedAt,
    firstStartedAt: startedAt,
    failure: { stage: 'no_clear_answer', reason: 'timeout' },
    documentationBefore: null,
    documentMsBefore: null,
    refundsBefore: null,
    refundsListedAt: null,
    refundId: null,
    isRedriven: false,
    wasHeld: false,
    pastDeadlineMs: 0,
    reads: 0,
    absentReads: 0,
    absentForMs: 0,
    firstAbsentMsAgo: over.absentForMs ?? 0,
    answeredForMs: 0,
    callMs: 12_000,
    firstReadMs: {},
    ...over,
  };
}

export function observedPayment(status: string): ObservedPayment {
  return { id: 'conomy-1', status, raw: { id: 'conomy-1', status } };
}
