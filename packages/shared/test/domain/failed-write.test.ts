import { describe, expect, test } from 'vitest';
import {
  type FailedWrite,
  type FailureFacts,
  type FailureVerdict,
  judgeFailedWrite,
} from '../../src/domain/failed-write.ts';

const ALONE: FailureFacts = { breaker: 'closed', paymentsMet: 1, paymentsDue: 1, succeededSince: false };

const TURNED_AWAY: [what: string, facts: Partial<FailureFacts>, verdict: FailureVerdict][] = [
  ['alone, with nothing to compare it with', {}, 'open'],
  ['of two payments that have met it, with nothing else to do', { paymentsMet: 2, paymentsDue: 2 }, 'open'],
  ['alone, while a call went well since', { succeededSince: true }, 'counts'],
  ['of two payments, while a call went well since', { paymentsMet: 2, succeededSince: true }, 'counts'],
  ['alone among many', { paymentsDue: 3 }, 'counts'],
  ['of two payments among many', { paymentsMet: 2, paymentsDue: 3 }, 'counts'],
  ['that three payments met', { paymentsMet: 3, paymentsDue: 3 }, 'excused'],
  ['that three payments met, while some call went well', { paymentsMet: 3, succeededSince: true }, 'excused'],
  ['while the breaker is open', { breaker: 'open', succeededSince: true }, 'excused'],
  ['of the trial of a half-open breaker', { breaker: 'half_open', paymentsDue: 3 }, 'excused'],
];

describe.each(['too_many', 'not_sent'] as const)('a write that ended %s', (write: FailedWrite) => {
  test.each(TURNED_AWAY)('%s (%j) %s', (_what, facts, verdict) => {
    expect(judgeFailedWrite(write, { ...ALONE, ...facts })).toBe(verdict);
  });
});

test('a write that was refused without effect counts, whatever others met, but for a breaker that is not closed', () => {
  expect(judgeFailedWrite('refused', ALONE)).toBe('counts');
  expect(judgeFailedWrite('refused', { ...ALONE, paymentsMet: 3 })).toBe('counts');
  expect(judgeFailedWrite('refused', { ...ALONE, breaker: 'half_open' })).toBe('excused');
});

test('a turn in which nothing was tried never counts', () => {
  expect(judgeFailedWrite('nothing_tried', { ...ALONE, paymentsDue: 3, succeededSince: true })).toBe(
    'excused',
  );
});
