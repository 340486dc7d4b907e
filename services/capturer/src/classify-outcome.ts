import type { Outcome } from '@capstan/shared/db/attempts';
import type { Operation } from '@capstan/shared/domain/payment-command';
import { isCaptureTaken } from '@capstan/shared/domain/payment-status';
import { classifyFailure } from '@capstan/shared/provider/conomy/error-catalogue';
import type {
  ObservedPayment,
  ProviderFailure,
  ProviderResult,
} from '@capstan/shared/provider/payment-provider';

/** What one call came to: the attempt's outcome and what it means for the command. */
export interface CallOutcome {
  outcome: Outcome;
  failure: ProviderFailure | null;
  /** The answer, where it told something about the payment. */
  payment: ObservedPayment | null;
}

/** Turns a provider answer into one of the four outcomes. Pure; the error catalogue holds the provider facts. */
export function classifyOutcome(
  operation: Operation,
  result: ProviderResult<ObservedPayment | null>,
): CallOutcome {
  return result.ok ? classifyAnswer(operation, result.value) : classifyRefusal(operation, result.failure);
}

/** A 2xx is read, not believed: the status in it says what the call did. The answer to a document tells of no payment. */
function classifyAnswer(operation: Operation, payment: ObservedPayment | null): CallOutcome {
  if (payment === null || (operation !== 'authorize' && operation !== 'capture'))
    return { outcome: 'succeeded', failure: null, payment };
  const { status } = payment;
  if (isCaptureTaken(status) || (operation === 'authorize' && status === 'AUTHORIZED')) {
    return { outcome: 'succeeded', failure: null, payment };
  }
  // One that a review holds takes effect when that ends well: nothing is known before.
  const failure: ProviderFailure = {
    stage: 'no_clear_answer',
    reason: `answered_${status}`,
    httpStatus: 200,
  };
  return { outcome: 'unknown', failure, payment };
}

function classifyRefusal(operation: Operation, failure: ProviderFailure): CallOutcome {
  const refused = { failure, payment: null };
  switch (classifyFailure(operation, failure)) {
    case 'retry':
    case 'credentials':
      return { ...refused, outcome: 'retryable' };
    case 'unknown':
    case 'look_again':
    case 'look':
      return { ...refused, outcome: 'unknown' };
    case 'reject':
      return { ...refused, outcome: 'rejected' };
  }
}
