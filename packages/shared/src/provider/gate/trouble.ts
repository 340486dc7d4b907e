import type { ProviderFailure } from '../payment-provider.ts';

/** What a call's end says about the provider as a whole. */
export type Trouble =
  /** It works: it answered, be it with a refusal of this one call. */
  | 'none'
  /** It cannot be reached, gives no clear answer or fails. */
  | 'failing'
  /** It asks for fewer calls. */
  | 'too_many'
  /** It does not take our credentials, new token included. */
  | 'credentials'
  /** The call ended for a reason of our own and says nothing. */
  | 'unknown';

/** Reasons of our own for not sending: nothing was learned about the provider. */
export const NOTHING_TRIED: readonly string[] = [
  'aborted',
  'send_window_passed',
  'deadline_passed',
  'rate_limited',
];

export function troubleOf(failure: ProviderFailure | null): Trouble {
  if (failure === null) return 'none';
  if (failure.reason === 'credentials_refused' || failure.httpStatus === 401) return 'credentials';
  if (failure.httpStatus === 429) return 'too_many';
  if (failure.stage === 'answered') return 'none';
  return NOTHING_TRIED.includes(failure.reason) ? 'unknown' : 'failing';
}
