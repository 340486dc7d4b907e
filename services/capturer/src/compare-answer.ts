import type { ClaimedCommand } from '@capstan/shared/db/claims';
import {
  type AskedPayment,
  type Comparison,
  compareWithCreate,
} from '@capstan/shared/domain/bound-means-equal';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { CallOutcome } from './classify-outcome.ts';

/** Why an answer that contradicts what was asked for counts as none. */
export const ANSWER_DIFFERS = 'answer_differs';

/** What the payment of a command must be: what its create asked for, and the id where it is bound. */
function askedBy({ asked, externalId, conomyId }: ClaimedCommand): AskedPayment {
  return { ...asked, externalId: externalId ?? asked?.externalId, id: conomyId };
}

/** Compares what was told of a command's own payment with what it must be. */
export function compareOwn(command: ClaimedCommand, told: ObservedPayment): Comparison {
  return compareWithCreate(askedBy(command), told);
}

/**
 * An answer to our own call must agree in what it names. One about another payment, or about another amount, says nothing
 * of what the call did: nothing of it is kept but in what it differs, and reads tell what became of the call.
 */
export function doubtAnother(command: ClaimedCommand, call: CallOutcome): CallOutcome {
  if (call.payment === null) return call;
  const comparison = compareOwn(command, call.payment);
  if (comparison.verdict !== 'contradicts') return call;
  const detail = comparison.fields.map(({ field }) => field).join(', ');
  return {
    outcome: 'unknown',
    failure: { stage: 'no_clear_answer', reason: ANSWER_DIFFERS, httpStatus: 200, detail },
    payment: null,
  };
}
