import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { CommandProblem } from '@capstan/shared/db/commands';
import { findDoubtfulRefunds } from '@capstan/shared/db/doubtful-refunds';
import { lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { claimRefundChild, findRefundChildren, takeWaitingRefunds } from '@capstan/shared/db/refunds';
import type { UnknownAttempt } from '@capstan/shared/db/unknown-attempts';
import { compareWithRefund } from '@capstan/shared/domain/bound-means-equal';
import { parseSendableAmount } from '@capstan/shared/domain/money';
import { mirrorRefundChild } from '@capstan/shared/mirror/mirror-refund-child';
import { aboutPayment } from '@capstan/shared/provider/about-payment';
import { isWholeList, type ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { Evidence } from './conclude-unknown.ts';
import type { CapturerContext } from './context.ts';
import { judgeLostRefund } from './judge-lost-refund.ts';
import { inconclusive } from './look-for-effect.ts';
import { readRefunds } from './read-refunds.ts';

/**
 * Looks for the refund an attempt of unknown outcome may have made: the one its answer named, else the refunds of the
 * payment. Which of those it made is judged when they are mirrored, by {@link judgeListedRefunds}.
 */
export async function lookForRefund(
  context: CapturerContext,
  command: ClaimedCommand,
  { refundId }: Pick<UnknownAttempt, 'refundId'>,
  signal: AbortSignal,
): Promise<Evidence> {
  if (refundId !== null) {
    const read = await aboutPayment(refundId, context.provider.readPayment(refundId, { signal }));
    return read.ok ? judgeNamedRefund(command, read.value) : inconclusive(read.failure);
  }
  const listed = await readRefunds(context, command, signal);
  if (!listed.ok) return inconclusive(listed.failure);
  const { refunds, unreadableRows, gap } = listed.value;
  const seen = { payment: null, detail: { rows: refunds.length, unreadableRows, ...(gap && { gap }) } };
  const isWhole = isWholeList(listed.value);
  return { ...seen, finding: 'inconclusive', isWhole, ...(isWhole ? { refunds } : {}) };
}

/** The answer named it, so what the whole read lacks counts as agreeing. */
function judgeNamedRefund(command: ClaimedCommand, child: ObservedPayment): Evidence {
  const comparison = compareWithRefund(askedRefundOf(command), child);
  const told = { isWhole: true, payment: child, detail: { id: child.id } };
  if (comparison.verdict !== 'contradicts') return { ...told, finding: 'found' };
  const problem = comparison.fields.every(({ field }) => field === 'totalAmount')
    ? amountDiffers(command, child)
    : answerContradicts(child);
  return { ...told, finding: 'unclear', problem };
}

/** Mirrors the refunds that were listed and says which of them the attempt made, under the payment's row. */
export async function judgeListedRefunds(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  attempt: UnknownAttempt,
  evidence: Evidence & { refunds: readonly ObservedPayment[] },
): Promise<Evidence> {
  const { paymentKey } = command;
  const { amount, currency } = askedRefundOf(command);
  // Before the row of any child, and also where none was listed.
  await lockPayment(tx, paymentKey);
  for (const refund of evidence.refunds)
    if ((await mirrorRefundChild(tx, context, command, refund, 'read')) === null)
      return { ...evidence, finding: 'unclear', detail: { ...evidence.detail, elsewhere: refund.id } };
  await takeWaitingRefunds(tx, paymentKey);
  const wanted = parseSendableAmount(amount, currency);
  const doubts = await findDoubtfulRefunds(tx, paymentKey);
  const isDoubtful = doubts.some(({ minor }) => minor === wanted.minor);
  const children = await findRefundChildren(tx, paymentKey);
  const judged = judgeLostRefund({ ...attempt, amount: wanted, isDoubtful }, children);
  if (judged.kind === 'none') return { ...evidence, finding: 'absent' };
  const found = judged.kind === 'one' ? [judged.child] : judged.children;
  const ids = found.map(({ conomyId }) => conomyId);
  const told = { ...evidence, detail: { ...evidence.detail, ids, told: judged.kind } };
  switch (judged.kind) {
    case 'one': {
      // The list lags behind what was heard of it elsewhere, and may lag behind another one as well.
      const payment = evidence.refunds.find(({ id }) => id === judged.child.conomyId) ?? null;
      if (payment === null) return told;
      const isOurs = await claimRefundChild(tx, attempt.id, judged.child.key);
      return isOurs ? { ...told, payment, finding: 'found' } : { ...told, finding: 'unclear' };
    }
    case 'unread':
      return told;
    case 'unclear':
      return { ...told, finding: 'unclear' };
    case 'several':
    case 'other_amount':
      return { ...told, finding: 'ambiguous', problem: unresolved(judged.kind, ids) };
  }
}

export function askedRefundOf({ refund, conomyId, id }: ClaimedCommand) {
  if (refund === null || conomyId === null)
    throw new Error(`command ${id} says nothing about what to refund`);
  return { parentPaymentId: conomyId, amount: refund.amount, currency: refund.currency };
}

function unresolved(kind: 'several' | 'other_amount', ids: readonly string[]): CommandProblem {
  const what =
    kind === 'several'
      ? `Conomy has several new refunds of that amount (${ids.join(', ')})`
      : `Conomy has new refunds of other amounts alone (${ids.join(', ')})`;
  return {
    code: 'refund_unresolved',
    detail: `The answer to the refund was lost, and ${what}. Ask Conomy which of them this one is.`,
  };
}

/** The answer named a refund of another amount: it is ours, and a person says what becomes of it. */
export function amountDiffers({ refund }: ClaimedCommand, child: ObservedPayment): CommandProblem {
  const told = `${child.totalAmount ?? child.purchaseAmount} ${child.currency ?? refund?.currency}`;
  return {
    code: 'amount_differs',
    detail: `Conomy made the refund ${child.id} of ${told}, not of ${refund?.amount} ${refund?.currency}. It counts as it is; no further refund of the payment leaves before that is resolved.`,
  };
}

/** The answer named something that is no refund of this payment. */
export function answerContradicts(child: ObservedPayment): CommandProblem {
  return {
    code: 'payment_unclear',
    detail: `Conomy answered with ${child.id}, which is no refund of this payment or one of another command. Ask Conomy what the call did, then redrive.`,
  };
}
