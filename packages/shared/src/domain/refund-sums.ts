import { amountOfRefund } from './bound-means-equal.ts';
import { type Money, readReceivedAmount } from './money.ts';

/** The amounts a payment or refund names, under Conomy's names. */
export interface NamedAmounts {
  totalAmount?: unknown;
  currency?: unknown;
  purchaseAmount?: unknown;
  purchaseCurrency?: unknown;
}

/** A refund as far as it counts against its payment. */
export interface CountedChild extends NamedAmounts {
  status: string | null;
}

/** Refunds that gave nothing back after all (dossier §11). Any other status, an unknown one too, counts as given. */
const RELEASED: ReadonlySet<string> = new Set(['FAILED', 'EXPIRED', 'UNSETTLED']);

/** What it amounts to by {@link amountOfRefund}; null when that is not told, or cannot be held exactly. */
export function amountOf(named: NamedAmounts, currencyElse?: unknown): Money | null {
  const { amount, currency } = amountOfRefund({
    totalAmount: textOf(named.totalAmount),
    currency: textOf(named.currency ?? currencyElse),
    purchaseAmount: textOf(named.purchaseAmount),
    purchaseCurrency: textOf(named.purchaseCurrency),
  });
  const read = readReceivedAmount(amount, currency);
  return read.exact ? read.money : null;
}

/** The mirror keeps what Conomy told, also amounts that it wrote as numbers. */
function textOf(told: unknown): string | undefined {
  return typeof told === 'string' || typeof told === 'number' ? String(told) : undefined;
}

export interface RefundSum {
  /** What the refunds gave or are giving back, as far as it can be counted. */
  doneMinor: bigint;
  /** One of them has no amount that can be counted. */
  isUncountable: boolean;
}

/** Adds up what refunds gave back of a payment in this currency. */
export function sumRefunds(children: readonly CountedChild[], currency: Money['currency']): RefundSum {
  const sum: RefundSum = { doneMinor: 0n, isUncountable: false };
  for (const child of children) {
    if (child.status !== null && RELEASED.has(child.status)) continue;
    const given = amountOf(child, currency);
    if (given === null || given.currency !== currency) sum.isUncountable = true;
    else sum.doneMinor += given.minor;
  }
  return sum;
}
