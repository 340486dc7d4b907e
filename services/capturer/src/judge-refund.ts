import type { CommandProblem, RefundRequest } from '@capstan/shared/db/commands';
import {
  formatAmount,
  type Money,
  parseSendableAmount,
  readReceivedAmount,
} from '@capstan/shared/domain/money';

/** A refund as far as it counts against the parent's amount. */
export interface CountedChild {
  status: string | null;
  totalAmount: unknown;
  currency: unknown;
}

export type RefundJudgement =
  /** It fits: reserve it. Minor units of the parent's currency. */
  | { kind: 'fits'; wholeMinor: bigint; doneMinor: bigint; reservedMinor: bigint }
  | { kind: 'rejected'; problem: CommandProblem }
  | { kind: 'parked'; problem: CommandProblem };

/** Refunds that gave nothing back after all (dossier §11). Any other status, an unknown one too, counts as given. */
const RELEASED: ReadonlySet<string> = new Set(['FAILED', 'EXPIRED', 'UNSETTLED']);

/** Decides whether a refund fits what is left of its payment. `children` are all refunds known, ours and others'. */
export function judgeRefund(
  parent: { totalAmount: unknown; currency: unknown },
  children: readonly CountedChild[],
  wanted: RefundRequest,
): RefundJudgement {
  const whole = readReceivedAmount(parent.totalAmount, parent.currency);
  if (!whole.exact) return parked(`The payment's amount "${whole.text}" cannot be counted exactly.`);
  if (whole.money.currency !== wanted.currency) {
    return rejected(
      'refund_currency_differs',
      `The payment is in ${whole.money.currency}, not in ${wanted.currency}.`,
    );
  }
  const done: Money = { minor: 0n, currency: whole.money.currency };
  for (const child of children) {
    if (child.status !== null && RELEASED.has(child.status)) continue;
    const given = readReceivedAmount(child.totalAmount, child.currency ?? parent.currency);
    if (!given.exact || given.money.currency !== done.currency) {
      return parked('An earlier refund of this payment has an amount that cannot be counted exactly.');
    }
    done.minor += given.money.minor;
  }
  const { minor } = parseSendableAmount(wanted.amount, wanted.currency);
  if (done.minor + minor > whole.money.minor) return exceeds(whole.money, done, wanted);
  return { kind: 'fits', wholeMinor: whole.money.minor, doneMinor: done.minor, reservedMinor: minor };
}

function exceeds(whole: Money, done: Money, wanted: RefundRequest): RefundJudgement {
  const left = whole.minor > done.minor ? whole.minor - done.minor : 0n;
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
