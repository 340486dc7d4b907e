import type { ProviderFailure } from '../provider/payment-provider.ts';

/** How a try at a provider call ended, as far as decisions need it. */
export interface AttemptEnd {
  /** Null while the call may be under way. */
  outcome: 'succeeded' | 'rejected' | 'retryable' | 'unknown' | null;
  /** How an unknown outcome was settled by reading; null while it was not. */
  resolution: string | null;
}

/**
 * Whether only reads may be made until the attempt's effect is known. `parked` is no answer: a command with such an
 * attempt moves again only when a person redrives it, and then the attempt is read again first.
 */
export function isAttemptOpen({ outcome, resolution }: AttemptEnd): boolean {
  if (outcome === null) return true;
  return outcome === 'unknown' && (resolution === null || resolution === 'parked');
}

/** An attempt with what is known of its failure. */
export interface FailedAttempt extends AttemptEnd {
  failure: Pick<ProviderFailure, 'stage' | 'reason'> | null;
}

/** Whether no byte of the attempt left. */
export function hasNotLeft({ outcome, failure }: FailedAttempt): boolean {
  return outcome === 'retryable' && failure?.stage === 'not_sent';
}

/** Whether it is certain that the attempt had no effect at the provider, at once or by reading. */
export function hadNoEffect({ outcome, resolution }: AttemptEnd): boolean {
  return outcome === 'retryable' || (outcome === 'unknown' && resolution === 'retryable');
}

/** Whether a person ruled it out, so that it may never be sent again, and what it did may show up late. */
export function isRuledOut({ resolution }: AttemptEnd): boolean {
  return resolution === 'ruled_out';
}
