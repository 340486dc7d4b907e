import type { ConcludedAttempt, ConcludedCommand, ConcludeRefusal } from '../../src/domain/conclude.ts';

export const NOT_BEFORE = new Date('2026-03-03T10:00:00Z');

export const attempt = (over: Partial<ConcludedAttempt> = {}): ConcludedAttempt => ({
  id: 1,
  step: 0,
  outcome: 'unknown',
  resolution: 'parked',
  notBefore: NOT_BEFORE,
  childId: null,
  refundsBefore: null,
  refundsListedAt: null,
  ...over,
});

export const parked = (over: Partial<ConcludedCommand> = {}): ConcludedCommand => ({
  status: 'parked',
  problemCode: 'outcome_unknown',
  steps: ['create', 'capture'],
  stepsDone: 0,
  attempts: [attempt()],
  now: NOT_BEFORE,
  ...over,
});
export const atCapture = (over: Partial<ConcludedCommand> = {}) =>
  parked({ stepsDone: 1, attempts: [attempt({ step: 1 })], ...over });
export const atRefund = (over: Partial<ConcludedCommand> = {}) =>
  parked({ steps: ['refund'], problemCode: 'refund_unresolved', ...over });

export const codeOf = (refusal: ConcludeRefusal | null) => refusal?.code ?? null;
