import type { Finding, UnknownAttempt } from '@capstan/shared/db/unknown-attempts';
import { OPERATIONS } from '@capstan/shared/domain/payment-command';
import type { ProviderFailure } from '@capstan/shared/provider/payment-provider';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AbsenceRule,
  type Conclusion,
  concludeUnknown,
  type Evidence,
} from '../src/conclude-unknown.ts';
import { observedPayment, unknownAttempt } from './claimed-command.ts';

const RULE: AbsenceRule = { readsMin: 3, spanMsMin: 45_000, unknownMsMax: 7_200_000 };
const REFUSED: ProviderFailure = {
  stage: 'answered',
  reason: 'http_422',
  httpStatus: 422,
  code: '21',
  detail: 'wrong state',
  traceId: 't-1',
};
const CONFLICT: ProviderFailure = { stage: 'answered', reason: 'http_409', httpStatus: 409, code: '13' };
const NOT_FOUND: ProviderFailure = { stage: 'answered', reason: 'http_404', httpStatus: 404, code: '31' };
const FORBIDDEN: ProviderFailure = { stage: 'answered', reason: 'http_403', httpStatus: 403, code: '43' };
const OTHER_ANSWER: ProviderFailure = {
  stage: 'no_clear_answer',
  reason: 'answer_differs',
  httpStatus: 200,
  detail: 'externalId',
};
const LONG_ABSENT = { reads: 3, absentReads: 3, absentForMs: 45_000, pastDeadlineMs: 46_000 };

function evidence(finding: Finding, status = 'CREATED', isWhole = true): Evidence {
  return { finding, isWhole, payment: observedPayment(status), detail: {} };
}

function conclude(attempt: Partial<UnknownAttempt>, finding: Finding, status?: string): Conclusion {
  return concludeUnknown(unknownAttempt(attempt), evidence(finding, status), RULE, 0.5);
}

function inShort(conclusion: Conclusion): string {
  return 'problem' in conclusion ? `${conclusion.kind} ${conclusion.problem.code}` : conclusion.kind;
}

describe('one finding', () => {
  test.each<[Finding, string]>([
    ['found', 'succeeded'],
    ['in_use', 'rejected external_id_in_use'],
    ['ambiguous', 'parked several_payments_found'],
    ['unclear', 'parked payment_unclear'],
    ['closed', 'rejected payment_not_open'],
    ['held', 'held'],
    ['inconclusive', 'open'],
    ['absent', 'open'],
  ])('%s concludes %s at the first read', (finding, expected) => {
    expect(inShort(conclude({ reads: 1 }, finding))).toBe(expected);
  });

  test('closed names the state the payment is in', () => {
    expect(conclude({}, 'closed', 'EXPIRED')).toMatchObject({
      problem: { detail: expect.stringContaining('EXPIRED') },
    });
  });

  test('found without the payment that was found is a programmer error', () => {
    expect(() =>
      concludeUnknown(
        unknownAttempt(),
        { finding: 'found', isWhole: true, payment: null, detail: {} },
        RULE,
        0,
      ),
    ).toThrow('found without a payment');
  });
});

describe('a payment read in a status that does not tell', () => {
  test.each([
    ['DISPUTED', 'parked status_unclear'],
    ['REVERSED', 'parked status_unclear'],
    ['COMPLETED', 'parked status_unclear'],
    ['ATTEMPT', 'open'],
  ])('%s → %s', (status, expected) => {
    expect(inShort(conclude({ reads: 1 }, 'inconclusive', status))).toBe(expected);
  });
});

describe('absence', () => {
  test.each<[what: string, Partial<UnknownAttempt>, string]>([
    ['three reads over 45 s', LONG_ABSENT, 'retryable'],
    ['two reads over an hour', { ...LONG_ABSENT, absentReads: 2, absentForMs: 3_600_000 }, 'open'],
    ['ninety reads over 44.999 s', { ...LONG_ABSENT, absentReads: 90, absentForMs: 44_999 }, 'open'],
    [
      'of a capture refused at the first try, at once',
      { failure: REFUSED, reads: 1, absentReads: 1 },
      'open',
    ],
    [
      'of a capture refused at the first try, over time',
      { failure: REFUSED, ...LONG_ABSENT },
      'rejected provider_rejected',
    ],
    [
      'of a capture of a payment that was not found, at once',
      { failure: NOT_FOUND, reads: 1, absentReads: 1 },
      'open',
    ],
    [
      'of a capture of a payment that was not found, over time',
      { failure: NOT_FOUND, ...LONG_ABSENT },
      'retryable',
    ],
    [
      'of a refund refused at the first try, at once',
      { operation: 'refund', failure: REFUSED, reads: 1, absentReads: 1 },
      'open',
    ],
    [
      'of a refund refused at the first try, over time',
      { operation: 'refund', failure: REFUSED, ...LONG_ABSENT },
      'rejected provider_rejected',
    ],
    [
      'of a refund of a payment that was not found, over time',
      { operation: 'refund', failure: NOT_FOUND, ...LONG_ABSENT },
      'rejected provider_rejected',
    ],
    [
      'of a capture refused after an earlier try, at once',
      { failure: REFUSED, number: 2, reads: 1, absentReads: 1 },
      'open',
    ],
    [
      'of a capture refused after an earlier try, over time',
      { failure: REFUSED, number: 2, ...LONG_ABSENT },
      'rejected provider_rejected',
    ],
    [
      'of a create that met a conflict, at once',
      { operation: 'create', failure: CONFLICT, reads: 1, absentReads: 1 },
      'open',
    ],
    [
      'of a create that met a conflict, over time',
      { operation: 'create', failure: CONFLICT, ...LONG_ABSENT },
      'parked conflict_without_payment',
    ],
    [
      'of a create that met a conflict and was redriven, at once',
      { operation: 'create', failure: CONFLICT, isRedriven: true, reads: 1, absentReads: 1 },
      'open',
    ],
    [
      'of a create that met a conflict and was redriven, over time',
      { operation: 'create', failure: CONFLICT, isRedriven: true, ...LONG_ABSENT },
      'retryable',
    ],
    [
      'of a create that was forbidden after an earlier try, at once',
      { operation: 'create', failure: FORBIDDEN, number: 2, reads: 1, absentReads: 1 },
      'open',
    ],
    [
      'of a create that was forbidden after an earlier try, over time',
      { operation: 'create', failure: FORBIDDEN, number: 2, ...LONG_ABSENT },
      'rejected provider_rejected',
    ],
    [
      'of a create that was answered with another payment, at once',
      { operation: 'create', failure: OTHER_ANSWER, reads: 1, absentReads: 1 },
      'open',
    ],
    [
      'of a create that was answered with another payment, over time',
      { operation: 'create', failure: OTHER_ANSWER, ...LONG_ABSENT },
      'parked payment_unclear',
    ],
    [
      'of a create that was answered with another payment and was redriven, over time',
      { operation: 'create', failure: OTHER_ANSWER, isRedriven: true, ...LONG_ABSENT },
      'retryable',
    ],
    [
      'of a capture that was answered with another payment, over time',
      { failure: OTHER_ANSWER, ...LONG_ABSENT },
      'retryable',
    ],
    [
      'of a refund that was forbidden after one that a person had sent again, over time',
      { operation: 'refund', failure: FORBIDDEN, number: 2, ...LONG_ABSENT },
      'rejected provider_rejected',
    ],
    [
      'of a refund whose answer was lost, over time',
      { operation: 'refund', ...LONG_ABSENT },
      'parked refund_unresolved',
    ],
    [
      'of a call whose worker died',
      { failure: { stage: 'no_clear_answer', reason: 'worker_lost' }, ...LONG_ABSENT },
      'retryable',
    ],
    [
      'of a call that answered 500',
      { failure: { stage: 'answered', reason: 'http_500', httpStatus: 500 }, ...LONG_ABSENT },
      'retryable',
    ],
  ])('%s → %s', (_what, attempt, expected) => {
    expect(inShort(conclude(attempt, 'absent'))).toBe(expected);
  });

  test('of a create whose externalId an older payment has ends it, over time and not at once', () => {
    const absent = { ...evidence('absent'), inUseBy: 'an older one' };
    const concluded = (attempt: Partial<UnknownAttempt>) =>
      inShort(concludeUnknown(unknownAttempt({ operation: 'create', ...attempt }), absent, RULE, 0.5));
    expect(concluded({ reads: 1, absentReads: 1 })).toBe('open');
    expect(concluded(LONG_ABSENT)).toBe('rejected external_id_in_use');
    expect(concluded({ failure: CONFLICT, number: 2, ...LONG_ABSENT })).toBe('rejected external_id_in_use');
  });

  test('is not concluded by a read that did not look everywhere', () => {
    const partial = evidence('absent', 'CREATED', false);
    expect(concludeUnknown(unknownAttempt(LONG_ABSENT), partial, RULE, 0.5).kind).toBe('open');
  });

  test('tells the caller what the provider had said', () => {
    expect(conclude({ failure: REFUSED, ...LONG_ABSENT }, 'absent')).toMatchObject({
      problem: {
        code: 'provider_rejected',
        detail: 'wrong state',
        provider: { status: 422, code: '21', traceId: 't-1' },
      },
    });
  });
});

describe('a provider that answers and does not tell', () => {
  const ASKED_LONG = { reads: 400, answeredForMs: 7_200_000, pastDeadlineMs: 7_200_000 };

  test.each<[what: string, Partial<UnknownAttempt>, Finding, string]>([
    ['of a create', { operation: 'create' }, 'inconclusive', 'parked scan_too_long'],
    ['of a payment attempt', { operation: 'create_attempt' }, 'inconclusive', 'parked scan_too_long'],
    ['of an authorize', { operation: 'authorize' }, 'inconclusive', 'parked outcome_unknown'],
    ['of a capture', { operation: 'capture' }, 'inconclusive', 'parked outcome_unknown'],
    ['of a refund', { operation: 'refund' }, 'inconclusive', 'parked outcome_unknown'],
    ['of a document', { operation: 'submit_document' }, 'inconclusive', 'parked outcome_unknown'],
    [
      'of a capture that is absent now and then',
      { operation: 'capture' },
      'absent',
      'parked outcome_unknown',
    ],
    ['of a capture found at last', { operation: 'capture' }, 'found', 'succeeded'],
    ['of a create absent at last', { operation: 'create', ...LONG_ABSENT }, 'absent', 'retryable'],
    ['for less than two hours', { operation: 'create', answeredForMs: 7_199_999 }, 'inconclusive', 'open'],
  ])('%s → %s', (_what, attempt, finding, expected) => {
    expect(inShort(conclude({ ...ASKED_LONG, ...attempt }, finding))).toBe(expected);
  });

  test('of a list too long to be read is not asked for longer', () => {
    const told = { ...evidence('inconclusive'), isTooLong: true };
    const create = unknownAttempt({ operation: 'create' });
    expect(inShort(concludeUnknown(create, told, RULE, 0.5))).toBe('parked scan_too_long');
  });

  test('keeps nobody from waiting for a review, however long it takes', () => {
    expect(conclude({ ...ASKED_LONG, operation: 'capture' }, 'held', 'REQUIRES_REVIEW').kind).toBe('held');
  });
});

describe('whatever is read', () => {
  const attempt = fc
    .record({
      operation: fc.constantFrom(...OPERATIONS),
      number: fc.integer({ min: 1, max: 5 }),
      failure: fc.constantFrom(null, REFUSED, CONFLICT, {
        stage: 'no_clear_answer',
        reason: 'timeout',
      } as ProviderFailure),
      pastDeadlineMs: fc.integer({ min: -12_000, max: 10_000_000 }),
      reads: fc.nat({ max: 10_000 }),
      absentReads: fc.nat({ max: 10 }),
      absentForMs: fc.integer({ min: 0, max: 100_000 }),
    })
    .map((over) => unknownAttempt({ ...over, firstAbsentMsAgo: over.absentForMs + over.reads }));
  const finding = fc.constantFrom<Finding>(
    'found',
    'absent',
    'closed',
    'ambiguous',
    'in_use',
    'unclear',
    'held',
    'inconclusive',
  );
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  function holds(law: (attempt: UnknownAttempt, evidence: Evidence, conclusion: Conclusion) => void) {
    fc.assert(
      fc.property(attempt, finding, fc.boolean(), random, (given, found, isWhole, r) => {
        const read = evidence(found, 'CREATED', isWhole);
        law(given, read, concludeUnknown(given, read, RULE, r));
      }),
      { numRuns: 3_000 },
    );
  }

  test('a write is sent again only after three absent reads over 45 s, the last of them whole', () => {
    holds((given, read, conclusion) => {
      if (conclusion.kind !== 'retryable') return;
      expect(read).toMatchObject({ finding: 'absent', isWhole: true });
      expect(given.absentReads).toBeGreaterThanOrEqual(3);
      expect(given.absentForMs).toBeGreaterThanOrEqual(45_000);
    });
  });

  test('a found effect always concludes, and nothing else counts as success', () => {
    holds((_given, { finding: found }, conclusion) => {
      expect(conclusion.kind === 'succeeded').toBe(found === 'found');
    });
  });

  test('time alone concludes nothing: a read that told nothing leaves it open', () => {
    holds((_given, { finding: found }, conclusion) => {
      if (found === 'held') expect(conclusion.kind).toBe('held');
      if (found === 'inconclusive') expect(conclusion.kind).toBe('open');
    });
  });

  test('absence never sends again what met a conflict on create', () => {
    holds((given, { finding: found }, conclusion) => {
      if (given.operation === 'create' && given.failure === CONFLICT && found === 'absent') {
        expect(conclusion.kind).toMatch(/^(open|parked)$/);
      }
    });
  });

  test('a refusal is believed only after the same absence', () => {
    holds((given, { finding: found }, conclusion) => {
      if (found !== 'absent' || conclusion.kind !== 'rejected') return;
      expect(given.absentReads).toBeGreaterThanOrEqual(3);
      expect(given.absentForMs).toBeGreaterThanOrEqual(45_000);
    });
  });

  test('the wait for the next read is positive and bounded', () => {
    holds((_given, { finding: found }, conclusion) => {
      if (conclusion.kind !== 'open') return;
      expect(conclusion.waitMs).toBeGreaterThan(0);
      expect(conclusion.waitMs).toBeLessThanOrEqual(found === 'absent' ? 18_750 : 40_000);
    });
  });

  test('while the call may be under way the next read waits no longer than its deadline', () => {
    holds((given, { finding: found }, conclusion) => {
      if (conclusion.kind !== 'open' || found !== 'absent' || given.pastDeadlineMs >= 0) return;
      expect(conclusion.waitMs).toBeLessThanOrEqual(-given.pastDeadlineMs + 1);
    });
  });
});
