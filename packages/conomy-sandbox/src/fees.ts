import { CURRENCY_SCALES, type Currency, formatAmount } from '@capstan/shared/domain/money';

/** A fee as a tenant's rules state it; a PERCENTAGE of `"0.5"` means 0.5 %, a FIXED value is in major units. */
export interface FeeRule {
  name: string;
  type: 'FIXED' | 'PERCENTAGE';
  /** A plain decimal. */
  value: string;
  /** The payment type it holds for; without it every type. */
  paymentType?: string | undefined;
}

/** A fee as it is read back on a payment. */
export interface AppliedFee {
  name: string;
  type: FeeRule['type'];
  value: string;
  amount: string;
  currency: Currency;
}

/** What remains of `minor` after the rules for this payment type, with each fee. Never below zero. */
export function applyFees(
  rules: readonly FeeRule[],
  paymentType: string,
  minor: bigint,
  currency: Currency,
): { netMinor: bigint; fees: AppliedFee[] } {
  let netMinor = minor;
  const fees: AppliedFee[] = [];
  for (const { name, type, value, paymentType: only } of rules) {
    if (only !== undefined && only !== paymentType) continue;
    const owed = type === 'FIXED' ? fixedMinor(value, currency) : percentageMinor(value, minor);
    const left = netMinor - owed;
    const taken = left < 0n ? netMinor : owed;
    netMinor -= taken;
    fees.push({ name, type, value, amount: formatAmount({ minor: taken, currency }), currency });
  }
  return { netMinor, fees };
}

/** Cut to the scale of the currency: nothing finer can be taken. */
function fixedMinor(value: string, currency: Currency): bigint {
  const { digits, scale } = readDecimal(value);
  const currencyScale = CURRENCY_SCALES[currency];
  return (digits * 10n ** BigInt(currencyScale)) / 10n ** BigInt(scale);
}

function percentageMinor(value: string, minor: bigint): bigint {
  const { digits, scale } = readDecimal(value);
  return (minor * digits) / (100n * 10n ** BigInt(scale));
}

function readDecimal(value: string): { digits: bigint; scale: number } {
  const [whole = '0', decimals = ''] = value.split('.');
  return { digits: BigInt(whole + decimals), scale: decimals.length };
}
