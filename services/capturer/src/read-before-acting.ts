import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { CommandProblem } from '@capstan/shared/db/commands';
import { aboutPayment } from '@capstan/shared/provider/about-payment';
import type { ProviderFailure } from '@capstan/shared/provider/payment-provider';
import { providerRejection } from './conclude-unknown.ts';
import type { CapturerContext } from './context.ts';
import { end, proceed, type Turn, wait } from './proceed.ts';
import { readUnderClaim } from './read-under-claim.ts';
import { mirrorWhatWasTold, recordUnderClaim } from './record-under-claim.ts';

/** A command about a payment whose state is not known well enough: the payment is read before anything else. */
export async function readBeforeActing(
  context: CapturerContext,
  command: ClaimedCommand,
): Promise<Turn | null> {
  const { conomyId } = command;
  if (conomyId === null) throw new Error(`command ${command.id} has no Conomy id to read`);
  const read = await readUnderClaim(context, command, (signal) =>
    aboutPayment(conomyId, context.provider.readPayment(conomyId, { signal })),
  );
  return recordUnderClaim(context, command, async (tx, claimedAtMs) => {
    if (read.ok) {
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
    return {
      ...(await wait(tx, command, 'executing', read.failure.retryAfterMs ?? context.timings.readAgainMs)),
      read: null,
    };
  });
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
