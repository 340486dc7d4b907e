import { finishAttempt, resolveAttempt } from '@capstan/shared/db/attempts';
import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { CommandProblem } from '@capstan/shared/db/commands';
import { openDiscrepancy } from '@capstan/shared/db/discrepancies';
import { type LockedPayment, lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { claimRefundChild, releaseRefundReservation } from '@capstan/shared/db/refunds';
import { compareWithRefund } from '@capstan/shared/domain/bound-means-equal';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import { mirrorRefundChild } from '@capstan/shared/mirror/mirror-refund-child';
import type { ObservedPayment, ProviderFailure } from '@capstan/shared/provider/payment-provider';
import type { Offer } from '@capstan/shared/queue/catalogue';
import type { CapturerContext } from './context.ts';
import { amountDiffers, answerContradicts, askedRefundOf } from './look-for-refund.ts';
import { end, nextStep, proceed } from './proceed.ts';
import type { Recorded } from './publish.ts';

type Taken =
  /** It is the refund that was asked for. */
  | { kind: 'made' }
  /** It is ours, and what it gives back was not told: it is read whole before it counts. */
  | { kind: 'untold' }
  /** It is ours of another amount, or not ours at all. */
  | { kind: 'differs'; reason: string; problem: CommandProblem };

/**
 * Records that Conomy took a refund: the child it names is claimed for the attempt and counts with what it really gives
 * back. Whatever does not agree with what was asked for leaves the outcome open, so that nothing is ever sent again for it,
 * and is for a person.
 */
export async function recordRefundAnswer(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  attempt: { id: number; number: number },
  child: ObservedPayment,
  claimedAtMs: number,
): Promise<Recorded> {
  // Before its child's row, as every writer of a child.
  const parent = await lockPayment(tx, command.paymentKey);
  if (parent === null) throw new Error(`payment ${command.paymentKey} has no row`);
  const { taken, read } = await takeChild(tx, context, command, attempt.id, { child, parent });
  const outcome = taken.kind === 'made' ? 'succeeded' : 'unknown';
  const reason = taken.kind === 'differs' ? taken.reason : 'answered_without_amount';
  const failure: ProviderFailure = { stage: 'no_clear_answer', reason, httpStatus: 200 };
  await finishAttempt(tx, command, attempt.id, {
    outcome,
    failure: taken.kind === 'made' ? null : failure,
  });
  const after = { ...command, attempt: { ...attempt, outcome, resolution: null } } as const;
  const proceeding = { ...context, claimedAtMs, statusIsFresh: true, claimIsNew: false };
  switch (taken.kind) {
    case 'made':
      return { ...(await proceed(tx, nextStep(after), proceeding)), read };
    case 'untold':
      return { ...(await proceed(tx, after, proceeding)), read };
    case 'differs':
      await resolveAttempt(tx, attempt.id, 'parked');
      return { ...(await end(tx, after, 'parked', taken.problem)), read };
  }
}

async function takeChild(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  attemptId: number,
  { child, parent }: { child: ObservedPayment; parent: LockedPayment },
): Promise<{ taken: Taken; read: Offer<'reads'> | null }> {
  const comparison = compareWithRefund(askedRefundOf(command), child);
  const differing = comparison.verdict === 'contradicts' ? comparison.fields.map(({ field }) => field) : [];
  const isOtherThing = differing.some((field) => field !== 'totalAmount');
  const mirrored = isOtherThing ? null : await mirrorRefundChild(tx, context, command, child, 'answer');
  if (mirrored === null || !(await claimRefundChild(tx, attemptId, mirrored.key))) {
    const problem = answerContradicts(child);
    const taken = { kind: 'differs', reason: 'answered_other_payment', problem } as const;
    return { taken, read: mirrored?.read ?? null };
  }
  const { key, read } = mirrored;
  if (differing.length === 0) {
    const isUntold = comparison.verdict === 'lacks' && comparison.fields.includes('totalAmount');
    return { taken: { kind: isUntold ? 'untold' : 'made' }, read };
  }
  await releaseRefundReservation(tx, command.paymentKey);
  await tellAmount(tx, command, { key, askedAt: parent.updatedAt }, child);
  const problem = amountDiffers(command, child);
  return { taken: { kind: 'differs', reason: 'answered_other_amount', problem }, read };
}

async function tellAmount(
  tx: PoolClient,
  { refund }: ClaimedCommand,
  { key, askedAt }: { key: string; askedAt: Date },
  { id, status, totalAmount, purchaseAmount, currency }: ObservedPayment,
): Promise<void> {
  await openDiscrepancy(tx, {
    kind: 'amount_differs',
    paymentKey: key,
    conomyId: id,
    mirror: { value: { totalAmount: refund?.amount, currency: refund?.currency }, readAt: askedAt },
    provider: { value: { status, totalAmount: totalAmount ?? purchaseAmount, currency }, readAt: null },
    cause: DISCREPANCIES.amount_differs.cause,
  });
}
