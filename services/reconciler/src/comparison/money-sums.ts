import { type Currency, formatAmount, readReceivedAmount } from '@capstan/shared/domain/money';

/** The money of what a comparison counts, in one currency, as decimal text; by the same names as the counts. */
export interface MoneySum {
  currency: Currency;
  listed: string;
  mirrored: string;
  refunds: string;
  agreed: string;
}

export type Counted = Exclude<keyof MoneySum, 'currency'>;

/**
 * Adds an amount to what is counted under these names.
 * @returns false when it is no amount of money that can be held exactly: then nothing is added.
 */
export function addMoney(
  sums: MoneySum[],
  names: readonly Counted[],
  { totalAmount, currency }: { totalAmount?: unknown; currency?: unknown },
): boolean {
  const read = readReceivedAmount(totalAmount, currency);
  if (!read.exact) return false;
  const sum = sumOf(sums, read.money.currency);
  for (const name of names) sum[name] = plus(sum[name], read.money.minor, sum.currency);
  return true;
}

const NAMES = ['listed', 'mirrored', 'refunds', 'agreed'] as const satisfies readonly Counted[];

/** The sums of many days. */
export function sumUp(days: readonly { sums: readonly MoneySum[] }[]): MoneySum[] {
  const total: MoneySum[] = [];
  for (const sum of days.flatMap(({ sums }) => sums)) {
    const into = sumOf(total, sum.currency);
    for (const name of NAMES) into[name] = plus(into[name], toMinor(sum[name]), sum.currency);
  }
  return total;
}

function sumOf(sums: MoneySum[], currency: Currency): MoneySum {
  const known = sums.find((sum) => sum.currency === currency);
  if (known) return known;
  const zero = formatAmount({ minor: 0n, currency });
  const sum = { currency, listed: zero, mirrored: zero, refunds: zero, agreed: zero };
  sums.push(sum);
  return sum;
}

/** Sums are no amounts of Conomy's: they may have more digits than it takes. */
function plus(text: string, minor: bigint, currency: Currency): string {
  return formatAmount({ minor: toMinor(text) + minor, currency });
}

/** Of text that was written with its currency's full scale. */
function toMinor(text: string): bigint {
  return BigInt(text.replace('.', ''));
}
