import { CURRENCY_SCALES, type Currency, isCurrency } from './money.ts';

/** What is left behind the minor unit while fees are added up; Conomy cuts, rounds or states more than the scale. */
const FRACTION_DIGITS = 12;
const MINOR_UNIT = 10n ** BigInt(FRACTION_DIGITS);

/**
 * Whether the fees a payment lists are why its total is another than its purchase amount, both in `currency`: the
 * difference, up or down, is their sum, within one minor unit for each. Without fees only equal amounts are explained.
 * A fee that cannot be read, or in another currency, explains nothing.
 */
export function feesExplain(
  amounts: { purchaseAmount: unknown; totalAmount: unknown; currency: string },
  fees: unknown,
): boolean {
  const { currency } = amounts;
  if (!isCurrency(currency)) return false;
  const purchase = fineAmount(amounts.purchaseAmount, currency);
  const total = fineAmount(amounts.totalAmount, currency);
  if (purchase === null || total === null) return false;
  const listed = Array.isArray(fees) ? fees : [];
  let sum = 0n;
  for (const fee of listed) {
    const owed = feeOf(fee, purchase, currency);
    if (owed === null) return false;
    sum += owed;
  }
  const difference = purchase > total ? purchase - total : total - purchase;
  const rest = difference > sum ? difference - sum : sum - difference;
  return rest <= MINOR_UNIT * BigInt(listed.length);
}

/** A fee of today, `{type, value, amount, currency}`, or of older data, `{feeType, feeValue}` (dossier §4). */
function feeOf(fee: unknown, purchase: bigint, currency: Currency): bigint | null {
  if (typeof fee !== 'object' || fee === null) return null;
  const { type, feeType, value, feeValue, amount, feeAmount, ...rest } = fee as Record<string, unknown>;
  if ((rest.currency ?? currency) !== currency) return null;
  const stated = amount ?? feeAmount ?? null;
  if (stated !== null) return fineAmount(stated, currency);
  const rate = value ?? feeValue;
  return (type ?? feeType) === 'FIXED' ? fineAmount(rate, currency) : percentOf(rate, purchase);
}

/** A value of `0.5` means 0.5 %. */
function percentOf(rate: unknown, whole: bigint): bigint | null {
  const percent = readDecimal(rate);
  return percent === null ? null : (whole * percent.digits) / (100n * 10n ** BigInt(percent.scale));
}

/** In fractions of the minor unit; what is finer still is cut. */
function fineAmount(received: unknown, currency: Currency): bigint | null {
  const decimal = readDecimal(received);
  if (decimal === null) return null;
  const digits = CURRENCY_SCALES[currency] + FRACTION_DIGITS - decimal.scale;
  return digits >= 0 ? decimal.digits * 10n ** BigInt(digits) : decimal.digits / 10n ** BigInt(-digits);
}

function readDecimal(received: unknown): { digits: bigint; scale: number } | null {
  const text = typeof received === 'number' ? String(received) : received;
  const match = typeof text === 'string' ? /^(\d{1,30})(?:\.(\d{1,30}))?$/.exec(text) : null;
  if (match === null) return null;
  const [, whole = '', decimals = ''] = match;
  return { digits: BigInt(whole + decimals), scale: decimals.length };
}
