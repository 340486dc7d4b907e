import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { CommandProblem } from '@capstan/shared/db/commands';
import { findDoubtfulRefunds } from '@capstan/shared/db/doubtful-refunds';
import { lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { findRefundChildren, reserveRefund, takeWaitingRefunds } from '@capstan/shared/db/refunds';
import { countVainRead, forgetVainReads } from '@capstan/shared/db/vain-reads';
import { mirrorRefundChild } from '@capstan/shared/mirror/mirror-refund-child';
import { aboutPayment } from '@capstan/shared/provider/about-payment';
import {
  isAnswered,
  isWholeList,
  type ObservedPayment,
  type ProviderResult,
  type RefundList,
} from '@capstan/shared/provider/payment-provider';
import type { CapturerContext } from './context.ts';
import { judgeRefund } from './judge-refund.ts';
import { end, type Proceeding, proceed, type Turn, wait } from './proceed.ts';
import type { Recorded } from './publish.ts';
import { isUnknownAtConomy, paymentNotFound } from './read-before-acting.ts';
import { readRefunds } from './read-refunds.ts';
import { readUnderClaim } from './read-under-claim.ts';
import { mirrorWhatWasTold, recordUnderClaim } from './record-under-claim.ts';

/** The payment and all its refunds as the provider told them. */
interface Told {
  parent: ProviderResult<ObservedPayment>;
  refunds: ProviderResult<RefundList>;
}

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
  const { parent, refunds } = await readUnderClaim(context, command, async (signal): Promise<Told> => {
    const parent = await aboutPayment(conomyId, context.provider.readPayment(conomyId, { signal }));
    return { parent, refunds: parent.ok ? await readRefunds(context, command, signal) : parent };
  });
  return recordUnderClaim(context, command, async (tx, claimedAtMs) => {
    if (parent.ok && refunds.ok && isWholeList(refunds.value)) {
      const told = { parent: parent.value, refunds: refunds.value };
      return reserveAndProceed(tx, context, command, told, claimedAtMs);
    }
    if (!parent.ok && isUnknownAtConomy(parent.failure, command)) {
      return { ...(await end(tx, command, 'rejected', paymentNotFound(parent.failure))), read: null };
    }
    return { ...(await waitForWhole(tx, context, command, refunds)), read: null };
  });
}

/** Reads again, until reads that were answered have told too little for too long. An outage counts for nothing here. */
async function waitForWhole(
  tx: PoolClient,
  { timings }: CapturerContext,
  command: ClaimedCommand,
  refunds: ProviderResult<RefundList>,
): Promise<Proceeding> {
  const isLast =
    (refunds.ok || isAnswered(refunds.failure)) &&
    (await countVainRead(tx, command.id, 'whole_list', timings.vainReadsMax));
  if (isLast) return end(tx, command, 'parked', unreadable(refunds));
  const waitMs = refunds.ok ? timings.readAgainMs : (refunds.failure.retryAfterMs ?? timings.readAgainMs);
  return wait(tx, command, 'executing', waitMs);
}

function unreadable(refunds: ProviderResult<RefundList>): CommandProblem {
  const why = refunds.ok
    ? (refunds.value.gap ?? `${refunds.value.unreadableRows} rows could not be read`)
    : refunds.failure.reason;
  const detail = `The refunds of the payment could not be read whole (${why}), so nothing was sent. Ask Conomy, then redrive.`;
  return { code: 'refunds_unreadable', detail };
}

async function reserveAndProceed(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  told: { parent: ObservedPayment; refunds: RefundList },
  claimedAtMs: number,
): Promise<Recorded> {
  const { paymentKey } = command;
  const { status } = told.parent;
  const { command: after, read } = await mirrorWhatWasTold(tx, context, command, told.parent, {
    source: 'read',
    attemptId: null,
  });
  if (status !== 'SETTLED') {
    if (after.paymentStatus === 'SETTLED' && !(await isContradictedOverTime(tx, context, command)))
      return { ...(await wait(tx, after, 'executing', context.timings.readAgainMs)), read };
    const detail = `The payment is ${status}; only a SETTLED payment can be refunded.`;
    return { ...(await end(tx, after, 'rejected', { code: 'payment_not_settled', detail })), read };
  }
  for (const refund of told.refunds.refunds)
    if ((await mirrorRefundChild(tx, context, command, refund, 'read')) === null)
      return { ...(await end(tx, after, 'parked', isElsewhere(refund))), read };
  await takeWaitingRefunds(tx, paymentKey);
  const children = await findRefundChildren(tx, paymentKey);
  // Heard of since the list was read, and not read yet.
  if (children.some(({ status }) => status === null))
    return { ...(await waitForWhole(tx, context, after, { ok: true, value: told.refunds })), read };
  const doubts = await findDoubtfulRefunds(tx, paymentKey);
  const doubtfulMinor = doubts.reduce((sum, { minor }) => sum + minor, 0n);
  const parent = await wholeOf(tx, command, told.parent);
  const judgement = judgeRefund(parent, children, requestOf(command), doubtfulMinor);
  if (judgement.kind !== 'fits')
    return { ...(await end(tx, after, judgement.kind, judgement.problem)), read };
  await forgetVainReads(tx, command.id);
  await reserveRefund(tx, paymentKey, judgement, told.refunds.listedAt ?? null);
  return {
    ...(await proceed(tx, after, { ...context, claimedAtMs, statusIsFresh: true, claimIsNew: false })),
    read,
  };
}

/** A read that is behind the final state may lag: it is believed when reads over time say the same. */
function isContradictedOverTime(
  tx: PoolClient,
  { timings }: CapturerContext,
  { id }: ClaimedCommand,
): Promise<boolean> {
  return countVainRead(tx, id, 'settled_status', timings.contradictingReadsMax);
}

function isElsewhere({ id }: ObservedPayment): CommandProblem {
  return {
    code: 'refund_not_countable',
    detail: `Conomy lists ${id} among the refunds of this payment, and it is mirrored as something else. Look at it at Conomy, then redrive.`,
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
