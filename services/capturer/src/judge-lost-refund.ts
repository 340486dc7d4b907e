import type { RefundChild } from '@capstan/shared/db/refunds';
import type { Money } from '@capstan/shared/domain/money';
import { type RefundsBefore, wasThereBefore } from '@capstan/shared/domain/refund-order';
import { amountOf } from '@capstan/shared/domain/refund-sums';

/** A refund attempt of unknown outcome, as far as its child is told by it. */
export interface LostRefund extends RefundsBefore {
  amount: Money;
  /** An attempt of the same amount was ruled out and may still have made a refund. */
  isDoubtful: boolean;
}

/** The child of a payment, as far as it may be the one that was lost. */
export type PossibleChild = Pick<
  RefundChild,
  | 'conomyId'
  | 'status'
  | 'number'
  | 'linkedLate'
  | 'createdAt'
  | 'attemptId'
  | 'totalAmount'
  | 'currency'
  | 'purchaseAmount'
  | 'purchaseCurrency'
>;

export type LostRefundJudgement<Child> =
  | { kind: 'none' }
  | { kind: 'one'; child: Child }
  /** More than one could be it. */
  | { kind: 'several'; children: Child[] }
  /** There are new refunds, and none is of its amount. */
  | { kind: 'other_amount'; children: Child[] }
  /** Heard of, and not read yet. */
  | { kind: 'unread'; children: Child[] }
  /** One could be it, and whether it was there before cannot be told. */
  | { kind: 'unclear'; children: Child[] };

/**
 * Which of a payment's refunds an attempt of unknown outcome made. One that was there before it, or that another attempt
 * made, is not it. Pure; the caller holds the payment's row, so that none of its refunds moves meanwhile.
 */
export function judgeLostRefund<Child extends PossibleChild>(
  lost: LostRefund,
  children: readonly Child[],
): LostRefundJudgement<Child> {
  const fresh = children.filter((child) => child.attemptId === null && !wasThereBefore(child, lost));
  const unread = fresh.filter(({ status }) => status === null);
  if (unread.length > 0) return { kind: 'unread', children: unread };
  const amounts = new Map(fresh.map((child) => [child, amountOf(child, lost.amount.currency)]));
  const matches = fresh.filter((child) => isSame(amounts.get(child) ?? null, lost.amount));
  const doubtful = fresh.filter(
    (child) => amounts.get(child) === null || (matches.includes(child) && !isSurelyNew(child, lost)),
  );
  if (doubtful.length > 0) return { kind: 'unclear', children: doubtful };
  const [only] = matches;
  if (!only) return fresh.length === 0 ? { kind: 'none' } : { kind: 'other_amount', children: fresh };
  if (lost.isDoubtful) return { kind: 'unclear', children: matches };
  return matches.length > 1 ? { kind: 'several', children: matches } : { kind: 'one', child: only };
}

/** What was mirrored before it was linked drew its number too late for that to say anything. */
function isSurelyNew({ createdAt, linkedLate }: PossibleChild, lost: LostRefund): boolean {
  return !linkedLate && createdAt !== null && lost.refundsListedAt !== null && lost.refundsBefore !== null;
}

function isSame(amount: Money | null, wanted: Money): boolean {
  return amount !== null && amount.minor === wanted.minor && amount.currency === wanted.currency;
}
