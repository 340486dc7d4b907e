import type { CallOptions } from '../payment-provider.ts';

/** When a call must end, and the last instant at which it may begin; both on the monotonic clock (`performance.now()`). */
export interface Deadline {
  signal: AbortSignal;
  atMs: number;
  /** No first byte of a request leaves from then on. */
  startByMs: number;
}

/** A deadline `durationMs` from now that the caller's own signal may bring forward. */
export function startDeadline(
  durationMs: number,
  { signal, startMsMax = Number.POSITIVE_INFINITY }: CallOptions = {},
): Deadline {
  const timeout = AbortSignal.timeout(durationMs);
  const nowMs = performance.now();
  return {
    signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    atMs: nowMs + durationMs,
    startByMs: nowMs + startMsMax,
  };
}

/** Why an aborted signal ended the call, as a failure reason. */
export function reasonOfAbort(signal: AbortSignal): 'timeout' | 'aborted' {
  const reason: unknown = signal.reason;
  return reason instanceof Error && reason.name === 'TimeoutError' ? 'timeout' : 'aborted';
}

/** Waits for shared work without owning it: an abort ends the waiting, not the work. */
export async function waitUnlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | 'gave_up'> {
  if (signal.aborted) return 'gave_up';
  const { promise: aborted, resolve } = Promise.withResolvers<'gave_up'>();
  const onAbort = () => resolve('gave_up');
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
