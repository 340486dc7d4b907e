/** When a call must end, and the last instant at which a byte of it may leave. */
export interface Deadline {
  signal: AbortSignal;
  /** On the monotonic clock (`performance.now()`), in milliseconds. */
  atMs: number;
}

/** A deadline `durationMs` from now that the caller's own signal may bring forward. */
export function startDeadline(durationMs: number, callerSignal?: AbortSignal): Deadline {
  const timeout = AbortSignal.timeout(durationMs);
  return {
    signal: callerSignal ? AbortSignal.any([timeout, callerSignal]) : timeout,
    atMs: performance.now() + durationMs,
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
