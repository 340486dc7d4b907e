import { OPERATIONS, type Operation } from '@capstan/shared/domain/payment-command';
import { PAYMENT_STATUSES } from '@capstan/shared/domain/payment-status';
import type { ProviderFailure } from '@capstan/shared/provider/payment-provider';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { classifyOutcome } from '../src/classify-outcome.ts';
import { observedPayment } from './claimed-command.ts';

function outcomeOfAnswer(operation: Operation, status: string): string {
  return classifyOutcome(operation, { ok: true, value: observedPayment(status) }).outcome;
}

function outcomeOfFailure(operation: Operation, failure: ProviderFailure): string {
  return classifyOutcome(operation, { ok: false, failure }).outcome;
}

describe('a 2xx answer', () => {
  test('to a create succeeds in every status: the payment exists', () => {
    for (const status of [...Object.keys(PAYMENT_STATUSES), 'COMPLETED']) {
      expect(outcomeOfAnswer('create', status)).toBe('succeeded');
    }
  });

  test.each([
    ['CAPTURED', 'succeeded', 'succeeded'],
    ['RECEIVED', 'succeeded', 'succeeded'],
    ['SETTLED', 'succeeded', 'succeeded'],
    ['UNSETTLED', 'succeeded', 'succeeded'],
    ['REFUNDED', 'succeeded', 'succeeded'],
    ['AUTHORIZED', 'succeeded', 'unknown'],
    ['CREATED', 'unknown', 'unknown'],
    ['ATTEMPT', 'unknown', 'unknown'],
    ['REQUIRES_REVIEW', 'unknown', 'unknown'],
    ['FAILED', 'unknown', 'unknown'],
    ['EXPIRED', 'unknown', 'unknown'],
    ['COMPLETED', 'unknown', 'unknown'],
  ])('with %s makes authorize %s and capture %s', (status, authorize, capture) => {
    expect(outcomeOfAnswer('authorize', status)).toBe(authorize);
    expect(outcomeOfAnswer('capture', status)).toBe(capture);
  });

  test('keeps what was told about the payment, also where the outcome is unknown', () => {
    const payment = observedPayment('CREATED');
    expect(classifyOutcome('capture', { ok: true, value: payment })).toEqual({
      outcome: 'unknown',
      failure: { stage: 'no_clear_answer', reason: 'answered_CREATED', httpStatus: 200 },
      payment,
    });
  });
});

describe('a failure', () => {
  test.each<[ProviderFailure, create: string, capture: string]>([
    [{ stage: 'not_sent', reason: 'connect_refused' }, 'retryable', 'retryable'],
    [{ stage: 'not_sent', reason: 'credentials_refused' }, 'retryable', 'retryable'],
    [{ stage: 'no_clear_answer', reason: 'timeout' }, 'unknown', 'unknown'],
    [{ stage: 'answered', reason: 'http_500', httpStatus: 500 }, 'unknown', 'unknown'],
    [{ stage: 'answered', reason: 'http_501', httpStatus: 501, code: '42' }, 'rejected', 'rejected'],
    [{ stage: 'answered', reason: 'http_429', httpStatus: 429 }, 'retryable', 'retryable'],
    [{ stage: 'answered', reason: 'http_401', httpStatus: 401 }, 'retryable', 'retryable'],
    [{ stage: 'answered', reason: 'http_403', httpStatus: 403, code: '43' }, 'rejected', 'rejected'],
    [{ stage: 'answered', reason: 'http_400', httpStatus: 400, code: '11' }, 'rejected', 'rejected'],
    [{ stage: 'answered', reason: 'http_409', httpStatus: 409, code: '13' }, 'unknown', 'unknown'],
    [{ stage: 'answered', reason: 'http_422', httpStatus: 422, code: '21' }, 'rejected', 'unknown'],
    [{ stage: 'answered', reason: 'http_404', httpStatus: 404, code: '31' }, 'rejected', 'unknown'],
  ])('%o makes a create %s and a capture %s', (failure, create, capture) => {
    expect(outcomeOfFailure('create', failure)).toBe(create);
    expect(outcomeOfFailure('capture', failure)).toBe(capture);
  });

  const failure = fc.record(
    {
      stage: fc.constantFrom('not_sent' as const, 'no_clear_answer' as const, 'answered' as const),
      reason: fc.string(),
      httpStatus: fc.integer({ min: 100, max: 599 }),
      code: fc.constantFrom('01', '02', '11', '13', '21', '31', '32', '41', '42', '43', '99', 'x'),
      type: fc.string(),
    },
    { requiredKeys: ['stage', 'reason'] },
  );

  test('of any kind has an outcome and never counts as success', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPERATIONS), failure, (operation, given) => {
        const outcome = classifyOutcome(operation, { ok: false, failure: given });
        expect(outcome).toEqual({
          outcome: expect.stringMatching(/^(rejected|retryable|unknown)$/),
          failure: given,
          payment: null,
        });
      }),
    );
  });

  test('without a clear answer is unknown for every write, whatever else it says', () => {
    fc.assert(
      fc.property(fc.constantFrom(...OPERATIONS), failure, (operation, given) => {
        expect(outcomeOfFailure(operation, { ...given, stage: 'no_clear_answer' })).toBe('unknown');
      }),
    );
  });

  test('with any 5xx but 501 is unknown for every write, whatever code it carries', () => {
    const status = fc.integer({ min: 500, max: 599 }).filter((http) => http !== 501);
    fc.assert(
      fc.property(fc.constantFrom(...OPERATIONS), failure, status, (operation, given, httpStatus) => {
        expect(outcomeOfFailure(operation, { ...given, stage: 'answered', httpStatus })).toBe('unknown');
      }),
    );
  });
});
