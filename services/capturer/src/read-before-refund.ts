import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { CommandProblem } from '@capstan/shared/db/commands';
import { lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { findRefundChildren, reserveRefund } from '@capstan/shared/db/refunds';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { CapturerContext } from './context.ts';
import { judgeRefund } from './judge-refund.ts';
import { end, proceed, type Turn, wait } from './proceed.ts';
import type { Recorded } from './publish.ts';
import { isUnknownAtConomy, paymentNotFound } from './read-before-acting.ts';
import { readUnderClaim } from './read-under-claim.ts';
import { mirrorWhatWasTold, recordUnderClaim } from './record-under-claim.ts';
import { mirrorRefundChild } from './refund-children.ts';

/**
 * The full read before a refund: the payment and all its refunds, also those made elsewhere. What the refund may give
 * back is reserved under the payment's row in the same commit that begins the attempt.
 */
export async function readBeforeRefund(
  context: CapturerContext,
  command: ClaimedCommand,
): Promise<Turn | null> {
  const { conomyId } = command;
  if (conomyId === null) return endWithoutPayment(context, command);
  const { parent, refunds } = await readUnderClaim(context, command, async (signal) => {
    const parent = await context.provider.readPayment(conomyId, { signal });
    return {
      parent,
      refunds: parent.ok ? await context.provider.listRefundsOf(conomyId, { signal }) : parent,
    };
  });
  return recordUnderClaim(context, command, async (tx, claimedAtMs) => {
    if (parent.ok && refunds.ok && refunds.value.unreadableRows === 0) {
      return reserveAndProceed(
        tx,
        context,
        command,
        { parent: parent.value, refunds: refunds.value.refunds },
        claimedAtMs,
      );
    }
    const failure = refunds.ok ? null : refunds.failure;
    if (failure !== null && !parent.ok && isUnknownAtConomy(failure, command)) {
      return { ...(await end(tx, command, 'rejected', paymentNotFound(failure))), read: null };
    }
    return {
      ...(await wait(tx, command, 'executing', failure?.retryAfterMs ?? context.timings.readAgainMs)),
      read: null,
    };
  });
}

async function reserveAndProceed(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  told: { parent: ObservedPayment; refunds: ObservedPayment[] },
  claimedAtMs: number,
): Promise<Recorded> {
  const { command: after, read } = await mirrorWhatWasTold(tx, context, command, told.parent, {
    source: 'read',
    attemptId: null,
  });
  if (told.parent.status !== 'SETTLED') {
    const detail = `The payment is ${told.parent.status}; only a SETTLED payment can be refunded.`;
    return { ...(await end(tx, after, 'rejected', { code: 'payment_not_settled', detail })), read };
  }
  for (const refund of told.refunds) await mirrorRefundChild(tx, context, command, refund, 'read');
  const children = await findRefundChildren(tx, command.paymentKey);
  const judgement = judgeRefund(await wholeOf(tx, command, told.parent), children, requestOf(command));
  if (judgement.kind !== 'fits')
    return { ...(await end(tx, after, judgement.kind, judgement.problem)), read };
  await reserveRefund(tx, command.paymentKey, judgement);
  return {
    ...(await proceed(tx, after, { ...context, claimedAtMs, statusIsFresh: true, claimIsNew: false })),
    read,
  };
}

/** The amount as read; reads of older tenants leave it out, then the mirror's own counts. */
async function wholeOf(tx: PoolClient, command: ClaimedCommand, { totalAmount, currency }: ObservedPayment) {
  if (totalAmount !== undefined && currency !== undefined) return { totalAmount, currency };
  const { snapshot } = (await lockPayment(tx, command.paymentKey)) ?? {
    snapshot: {} as Record<string, unknown>,
  };
  return {
    totalAmount: totalAmount ?? snapshot.totalAmount ?? snapshot.purchaseAmount,
    currency: currency ?? snapshot.currency ?? snapshot.purchaseCurrency,
  };
}

function requestOf({ refund, id }: ClaimedCommand) {
  if (refund === null) throw new Error(`command ${id} says nothing about what to refund`);
  return refund;
}

/** The create before it ended without a payment; such commands are ended with it, so this is only a second fence. */
function endWithoutPayment(context: CapturerContext, command: ClaimedCommand): Promise<Turn | null> {
  const problem: CommandProblem = {
    code: 'payment_not_settled',
    detail: 'The payment was never created at Conomy.',
  };
  return recordUnderClaim(context, command, async (tx) => ({
    ...(await end(tx, command, 'rejected', problem)),
    read: null,
  }));
}
