/**
 * Which failed writes count towards the five after which a command is parked. A command that fails alone needs a person; one
 * that fails with everybody else waits with them. Pure.
 */
import type { ProviderHealth } from './provider-health.ts';

/** How a write ended that certainly had no effect. */
export type FailedWrite =
  /** Conomy asked for fewer calls. */
  | 'too_many'
  /** No byte of it left. */
  | 'not_sent'
  /** Any other way for which it is sent again. */
  | 'refused'
  /** Nothing was tried, for a reason of our own, of a review or of our credentials. */
  | 'nothing_tried';

/** What stood around a failed write when the next one of its command is about to begin. */
export interface FailureFacts {
  breaker: ProviderHealth['breaker'];
  /** Payments that met the same within a minute of it, its own included; 3 stands for more. */
  paymentsMet: number;
  /** Payments with something to do within a minute, its own included; 3 stands for more. */
  paymentsDue: number;
  /** A call went well since it failed. */
  succeededSince: boolean;
}

export type FailureVerdict =
  | 'counts'
  | 'excused'
  /** Too little else was tried to tell; it is sent again, and a person is told after a while. */
  | 'open';

/** From here on it is not the trouble of one payment. */
const PAYMENTS_ENOUGH = 3;

/**
 * | breaker | failure | payments that met it | payments due | a success since | verdict |
 * | --- | --- | --- | --- | --- | --- |
 * | not closed | any | any | any | any | excused |
 * | closed | nothing tried | any | any | any | excused |
 * | closed | refused | any | any | any | counts |
 * | closed | 429, not sent | 3 or more | any | any | excused |
 * | closed | 429, not sent | fewer | 3 or more | any | counts |
 * | closed | 429, not sent | fewer | fewer | yes | counts |
 * | closed | 429, not sent | fewer | fewer | no | open |
 */
export function judgeFailedWrite(write: FailedWrite, facts: FailureFacts): FailureVerdict {
  if (facts.breaker !== 'closed' || write === 'nothing_tried') return 'excused';
  if (write === 'refused') return 'counts';
  if (facts.paymentsMet >= PAYMENTS_ENOUGH) return 'excused';
  return facts.paymentsDue >= PAYMENTS_ENOUGH || facts.succeededSince ? 'counts' : 'open';
}
