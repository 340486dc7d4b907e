import { type ClaimedCommand, keepClaim } from '@capstan/shared/db/claims';
import type { CapturerContext } from './context.ts';
import type { CapturerTimings } from './timings.ts';

/** How often a claim is kept within its lease: two tries may fail. */
const TIMES_PER_LEASE = 3;

/** What is left of the lease when a read is over, as long as the claim could be kept. */
export function leaseMsAfterRead({ readLeaseMs }: CapturerTimings): number {
  return readLeaseMs - readLeaseMs / TIMES_PER_LEASE;
}

/**
 * Reads the provider for a claimed command. However long that takes, the claim is kept, so that its lease can be that
 * of a single call: a capturer that dies while it reads a long list, or waits for the scan of another, keeps nobody
 * from its command for longer. A claim that was lost all the same is noticed by whoever writes what was read.
 * @param read is told by its signal when all the time there is for reading is over; from then on nothing is kept.
 */
export async function readUnderClaim<T>(
  { pool, timings, log }: Pick<CapturerContext, 'pool' | 'timings' | 'log'>,
  command: ClaimedCommand,
  read: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const keep = () =>
    keepClaim(pool, command, timings.readLeaseMs).catch((error: unknown) => {
      log.warn(
        { event: 'command.claim_not_kept', commandId: command.id, err: error },
        'the claim could not be kept while reading; another capturer may take over',
      );
    });
  const keeping = setInterval(keep, timings.readLeaseMs / TIMES_PER_LEASE).unref();
  const stop = () => clearInterval(keeping);
  const signal = AbortSignal.timeout(timings.readMsMax);
  signal.addEventListener('abort', stop);
  try {
    return await read(signal);
  } finally {
    stop();
  }
}
