import type { CommandProblem, RefundRequest } from '@capstan/shared/db/commands';
import {
  formatAmount,
  type Money,
  parseSendableAmount,
  readReceivedAmount,
} from '@capstan/shared/domain/money';
import { type CountedChild, sumRefunds } from '@capstan/shared/domain/refund-sums';

export type RefundJudgement =
  /** It fits: reserve it. Minor units of the parent's currency. */
  | { kind: 'fits'; wholeMinor: bigint; doneMinor: bigint; reservedMinor: bigint }
  | { kind: 'rejected'; problem: CommandProblem }
  | { kind: 'parked'; problem: CommandProblem };

/**
 * Decides whether a refund fits what is left of its payment. `children` are all refunds known, ours and others';
 * `doubtfulMinor` is what refunds may have given back that were ruled out.
 */
export function judgeRefund(
  parent: { totalAmount: unknown; currency: unknown },
  children: readonly CountedChild[],
  wanted: RefundRequest,
  doubtfulMinor = 0n,
): RefundJudgement {
  const whole = readReceivedAmount(parent.totalAmount, parent.currency);
  if (!whole.exact) return parked(`The payment's amount "${whole.text}" cannot be counted exactly.`);
  const { money } = whole;
  if (money.currency !== wanted.currency) {
    return rejected(
      'refund_currency_differs',
      `The payment is in ${money.currency}, not in ${wanted.currency}.`,
    );
  }
  const { doneMinor, isUncountable } = sumRefunds(children, money.currency);
  if (isUncountable)
    return parked('An earlier refund of this payment has an amount that cannot be counted exactly.');
  const { minor } = parseSendableAmount(wanted.amount, wanted.currency);
  const left = money.minor - doneMinor - doubtfulMinor;
  if (minor > left) return exceeds(money, left, wanted);
  return { kind: 'fits', wholeMinor: money.minor, doneMinor, reservedMinor: minor };
}

function exceeds(whole: Money, leftMinor: bigint, wanted: RefundRequest): RefundJudgement {
  const left = leftMinor > 0n ? leftMinor : 0n;
  const text = (minor: bigint) => `${formatAmount({ minor, currency: whole.currency })} ${whole.currency}`;
  return rejected(
    'refund_exceeds_refundable',
    `${wanted.amount} ${wanted.currency} is more than what is left to refund: ${text(left)} of ${text(whole.minor)}.`,
  );
}

function rejected(code: CommandProblem['code'], detail: string): RefundJudgement {
  return { kind: 'rejected', problem: { code, detail } };
}

function parked(detail: string): RefundJudgement {
  return {
    kind: 'parked',
    problem: { code: 'refund_not_countable', detail: `${detail} Look at it at Conomy, then redrive.` },
  };
}
