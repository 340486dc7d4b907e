import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { describe, expect, test } from 'vitest';
import type { CallOutcome } from '../src/classify-outcome.ts';
import { doubtAnother } from '../src/compare-answer.ts';
import { claimedCommand, observedPayment } from './claimed-command.ts';

const asked = {
  externalId: 'order-1',
  accountNumber: 'account-1',
  type: 'COLLECT',
  purchaseAmount: '100.00',
  purchaseCurrency: 'COP',
};
const told = { ...asked, id: 'conomy-1', purchaseAmount: '100' };

const succeeded = (payment: ObservedPayment | null): CallOutcome => ({
  outcome: 'succeeded',
  failure: null,
  payment,
});
const answer = (over: Partial<ObservedPayment> = {}) =>
  succeeded({ ...observedPayment('CAPTURED'), ...told, ...over });

describe('an answer to a call', () => {
  const command = claimedCommand({ asked });

  test.each<[string, CallOutcome]>([
    ['that agrees', answer()],
    ['that names next to nothing', succeeded({ id: 'conomy-1', status: 'CAPTURED', raw: {} })],
    ['that tells of no payment', succeeded(null)],
  ])('%s is taken as it is', (_what, call) => {
    expect(doubtAnother(command, call)).toBe(call);
  });

  test.each<[string, Partial<ObservedPayment>]>([
    ['id', { id: 'conomy-2' }],
    ['externalId', { externalId: 'order-2' }],
    ['accountNumber', { accountNumber: 'account-2' }],
    ['type', { type: 'REMITTANCE' }],
    ['purchaseAmount', { purchaseAmount: '100.01' }],
    ['purchaseCurrency', { purchaseCurrency: 'USD' }],
  ])('that tells another %s says nothing of what the call did', (field, over) => {
    expect(doubtAnother(command, answer(over))).toEqual({
      outcome: 'unknown',
      failure: expect.objectContaining({
        stage: 'no_clear_answer',
        reason: 'answer_differs',
        httpStatus: 200,
        detail: expect.stringContaining(field),
      }),
      payment: null,
    });
  });

  test('names every field in which it differs', () => {
    const { failure } = doubtAnother(command, answer({ id: 'conomy-2', externalId: 'order-2' }));
    expect(failure?.detail).toBe('id, externalId');
  });

  test('is held against the externalId of the payment where nobody asked for one, and against no id before it is bound', () => {
    const adopted = claimedCommand({ asked: null });
    expect(doubtAnother(adopted, answer({ externalId: 'order-2' })).payment).toBeNull();
    const unbound = claimedCommand({ asked, conomyId: null });
    expect(doubtAnother(unbound, answer({ id: 'conomy-2' })).outcome).toBe('succeeded');
    const unnamed = claimedCommand({ asked, externalId: null });
    expect(doubtAnother(unnamed, answer({ externalId: 'order-2' })).payment).toBeNull();
  });
});
