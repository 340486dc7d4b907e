import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { CommandProblem } from '@capstan/shared/db/commands';
import type { PoolClient } from '@capstan/shared/db/pool';
import { forgetVainReads, timeVainRead } from '@capstan/shared/db/vain-reads';
import { aboutPayment } from '@capstan/shared/provider/about-payment';
import { isAnswered, type ProviderFailure } from '@capstan/shared/provider/payment-provider';
import { backoffMs } from '@capstan/shared/retry/backoff';
import { providerRejection } from './conclude-unknown.ts';
import type { CapturerContext } from './context.ts';
import { end, type Proceeding, proceed, type Turn, wait } from './proceed.ts';
import { readUnderClaim } from './read-under-claim.ts';
import { mirrorWhatWasTold, recordUnderClaim } from './record-under-claim.ts';

/** A command about a payment whose state is not known well enough: the payment is read before anything else. */
export async function readBeforeActing(
  context: CapturerContext,
  command: ClaimedCommand,
): Promise<Turn | null> {
  const { conomyId } = command;
  if (conomyId === null) throw new Error(`command ${command.id} has no Conomy id to read`);
  const beganMs = context.monotonicMs();
  const read = await readUnderClaim(context, command, (signal) =>
    aboutPayment(conomyId, context.provider.readPayment(conomyId, { signal })),
  );
  return recordUnderClaim(context, command, async (tx, claimedAtMs) => {
    if (read.ok) {
      if (command.vainReads > 0) await forgetVainReads(tx, command.id);
      const told = await mirrorWhatWasTold(tx, context, command, read.value, {
        source: 'read',
        attemptId: null,
      });
      const proceeding = { ...context, claimedAtMs, statusIsFresh: true, claimIsNew: false };
      return { ...(await proceed(tx, told.command, proceeding)), read: told.read };
    }
    if (isUnknownAtConomy(read.failure, command)) {
      return { ...(await end(tx, command, 'rejected', paymentNotFound(read.failure))), read: null };
    }
    return { ...(await waitToBeTold(tx, context, command, read.failure, beganMs)), read: null };
  });
}

/** Longest wait between two reads of a payment that Conomy does not tell. */
const UNTOLD_READ_MS_MAX = 60_000;

/** Reads again, until Conomy has answered for too long without telling the payment. An outage counts for nothing here. */
async function waitToBeTold(
  tx: PoolClient,
  { timings, worker, random }: CapturerContext,
  command: ClaimedCommand,
  failure: ProviderFailure,
  beganMs: number,
): Promise<Proceeding> {
  const { readAgainMs, absence } = timings;
  if (!isAnswered(failure)) return wait(tx, command, 'executing', failure.retryAfterMs ?? readAgainMs);
  const { reads, forMs } = await timeVainRead(tx, command.id, { process: worker, processMs: beganMs });
  if (forMs >= absence.unknownMsMax) {
    await forgetVainReads(tx, command.id);
    return end(tx, command, 'parked', untold(failure));
  }
  const growingMs = backoffMs(reads, random(), { firstMs: readAgainMs, maxMs: UNTOLD_READ_MS_MAX });
  return wait(tx, command, 'executing', failure.retryAfterMs ?? growingMs);
}

function untold({ reason }: ProviderFailure): CommandProblem {
  const detail = `However often Conomy was asked, it did not tell the payment (${reason}), so nothing more was sent. Ask Conomy, then redrive.`;
  return { code: 'payment_unclear', detail };
}

/** Only a payment nobody ever saw can be said not to exist; one that was mirrored, or made by us, is read again. */
export function isUnknownAtConomy(
  { stage, httpStatus }: ProviderFailure,
  { paymentStatus, asked }: ClaimedCommand,
): boolean {
  return stage === 'answered' && httpStatus === 404 && paymentStatus === null && asked === null;
}

export function paymentNotFound(failure: ProviderFailure): CommandProblem {
  return {
    ...providerRejection(failure),
    code: 'payment_not_found',
    detail: 'Conomy knows no payment with this id.',
  };
}
