import { endDiscrepanciesOf, openDiscrepancy } from '../db/discrepancies.ts';
import { endDoubt, findDoubtfulRefunds, isRefundAtWork } from '../db/doubtful-refunds.ts';
import { CAPSTAN_ITSELF } from '../db/pauses.ts';
import { type LockedPayment, lockPayment } from '../db/payments.ts';
import type { PoolClient } from '../db/pool.ts';
import { claimRefundChild, findRefundChildren, noteRefundsDone, type RefundChild } from '../db/refunds.ts';
import { DISCREPANCIES, type DiscrepancyKind } from '../domain/discrepancies.ts';
import { formatAmount, type Money } from '../domain/money.ts';
import { amountOf, sumRefunds } from '../domain/refund-sums.ts';

/**
 * Counts what the refunds of a payment gave back, whenever something of one of them was heard. What Conomy did is recorded
 * whatever it comes to; more than the payment has is told to a person. Part of the caller's transaction, which holds the
 * payment's row.
 */
export async function countRefunds(tx: PoolClient, parentKey: string): Promise<void> {
  const parent = await lockPayment(tx, parentKey);
  const whole = parent === null ? null : amountOf(parent.snapshot);
  // A payment nobody has read yet: its own read counts.
  if (parent === null || whole === null) return;
  const children = await findRefundChildren(tx, parentKey);
  const { doneMinor } = sumRefunds(children, whole.currency);
  // What a person has accepted is not told again for every later word of the same refunds.
  if (await noteRefundsDone(tx, parentKey, doneMinor))
    await judgeSum(tx, parent, whole, { minor: doneMinor, currency: whole.currency });
  await bindLateRefunds(tx, parent, children, whole.currency);
}

/**
 * A refund of an amount that is doubtful, linked after it was ruled out, while no other refund of ours can have made it, is
 * the late effect of the attempt that was ruled out.
 */
async function bindLateRefunds(
  tx: PoolClient,
  parent: LockedPayment,
  children: readonly RefundChild[],
  currency: Money['currency'],
): Promise<void> {
  const doubts = await findDoubtfulRefunds(tx, parent.key);
  if (doubts.length === 0 || (await isRefundAtWork(tx, parent.key))) return;
  const unclaimed = children.filter(({ attemptId }) => attemptId === null);
  for (const { attemptId, minor, from, notOurs } of doubts) {
    const late = unclaimed.find(
      (child) =>
        child.number > from &&
        !notOurs.includes(child.conomyId) &&
        amountOf(child, currency)?.minor === minor &&
        child.status !== null,
    );
    if (!late || !(await claimRefundChild(tx, attemptId, late.key))) continue;
    unclaimed.splice(unclaimed.indexOf(late), 1);
    await endDoubt(tx, attemptId);
    await open(tx, 'late_refund', parent, late.conomyId, {
      refund: late.conomyId,
      amount: formatAmount({ minor, currency }),
      attemptId,
    });
  }
}

async function judgeSum(tx: PoolClient, parent: LockedPayment, whole: Money, done: Money): Promise<void> {
  if (done.minor > whole.minor)
    return open(tx, 'over_refunded', parent, parent.conomyId, { refunded: formatAmount(done) });
  if (!parent.disagrees) return;
  const reason = 'The refunds of the payment are no more than it has.';
  await endDiscrepanciesOf(tx, [parent.key], ['over_refunded'], {
    status: 'explained',
    by: CAPSTAN_ITSELF,
    reason,
  });
}

async function open(
  tx: PoolClient,
  kind: DiscrepancyKind,
  { key, snapshot, status, updatedAt }: LockedPayment,
  conomyId: string | null,
  provider: Record<string, unknown>,
): Promise<void> {
  const { totalAmount = null, currency = null } = snapshot;
  await openDiscrepancy(tx, {
    kind,
    paymentKey: key,
    conomyId,
    mirror: { value: { status, totalAmount, currency }, readAt: updatedAt },
    provider: { value: provider, readAt: null },
    cause: DISCREPANCIES[kind].cause,
  });
}
