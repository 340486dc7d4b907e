/**
 * Exact money: decimal strings outside, integer minor units inside.
 * Scales are ISO 4217 minor units; the provider publishes no table of its own. For its tokens it states
 * none at all, so the six decimals commonly used by USDC and USDT are taken.
 */
export const CURRENCY_SCALES = {
  CLP: 0,
  PYG: 0,
  COP: 2,
  ARS: 2,
  BRL: 2,
  MXN: 2,
  PEN: 2,
  BOB: 2,
  USD: 2,
  EUR: 2,
  GBP: 2,
  CAD: 2,
  AUD: 2,
  VES: 2,
  USDC: 6,
  USDT: 6,
} as const satisfies Record<string, number>;

/** A currency Capstan can send. Received currencies may be others and stay text. */
export type Currency = keyof typeof CURRENCY_SCALES;

export const CURRENCIES = Object.keys(CURRENCY_SCALES) as [Currency, ...Currency[]];

export interface Money {
  /** Amount in minor units of `currency` (centavos for COP, pesos for CLP). */
  minor: bigint;
  currency: Currency;
}

/** Bounds an amount well inside PostgreSQL's bigint, also for six decimals. */
const WHOLE_DIGITS_MAX = 12;

export function isCurrency(text: string): text is Currency {
  return Object.hasOwn(CURRENCY_SCALES, text);
}

/** Why an amount cannot be sent, as a sentence for the caller; null when it can. */
export function explainUnsendableAmount(text: string, currency: Currency): string | null {
  const match = /^(0|[1-9]\d*)(?:\.(\d+))?$/.exec(text);
  if (!match) {
    return 'must be a plain decimal such as "49990" or "30000.00": digits, at most one point, no sign, exponent or leading zeros';
  }
  const [, whole = '', decimals = ''] = match;
  const scale = CURRENCY_SCALES[currency];
  if (decimals.length > scale) {
    return scale === 0
      ? `must have no decimals: ${currency} has none`
      : `must have at most ${scale} decimals: that is the scale of ${currency}`;
  }
  if (whole.length > WHOLE_DIGITS_MAX) return `must have at most ${WHOLE_DIGITS_MAX} digits before the point`;
  if (/^0*$/.test(whole + decimals)) return 'must be more than zero';
  return null;
}

/** Reads an amount that passed {@link explainUnsendableAmount}. Throws RangeError on any other text. */
export function parseSendableAmount(text: string, currency: Currency): Money {
  const reason = explainUnsendableAmount(text, currency);
  if (reason !== null) throw new RangeError(`amount "${text}" ${reason}`);
  return { minor: toMinor(text, CURRENCY_SCALES[currency]), currency };
}

/**
 * Reads an amount the provider sent, by value: `"30000"` and `"30000.000"` COP are the same money.
 * `exact: false` means it cannot be held in the currency's minor units (finer than its scale, not a plain
 * decimal, too large or of an unknown currency): keep the text and flag it; it is never rounded.
 */
export function readReceivedAmount(
  received: unknown,
  currency: unknown,
): { exact: true; money: Money } | { exact: false; text: string } {
  const text = typeof received === 'number' ? String(received) : received;
  if (typeof text !== 'string' || typeof currency !== 'string' || !isCurrency(currency)) {
    return { exact: false, text: typeof text === 'string' ? text : (JSON.stringify(received) ?? '') };
  }
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text);
  const scale = CURRENCY_SCALES[currency];
  const [, digits = '', decimals = ''] = match ?? [];
  const whole = digits.replace(/^0+(?=\d)/, '');
  const isFiner = !/^0*$/.test(decimals.slice(scale));
  if (!match || isFiner || whole.length > WHOLE_DIGITS_MAX) return { exact: false, text };
  return { exact: true, money: { minor: toMinor(`${whole}.${decimals.slice(0, scale)}`, scale), currency } };
}

/** Sums amounts of one currency. Throws RangeError when the currencies differ. */
export function sumMoney(amounts: readonly Money[], currency: Currency): Money {
  let minor = 0n;
  for (const amount of amounts) {
    if (amount.currency !== currency) throw new RangeError(`cannot add ${amount.currency} to ${currency}`);
    minor += amount.minor;
  }
  return { minor, currency };
}

/** `{minor: 3000000n, currency: 'COP'}` → `"30000.00"`; always with the currency's full scale. */
export function formatAmount({ minor, currency }: Money): string {
  const scale = CURRENCY_SCALES[currency];
  if (scale === 0) return minor.toString();
  const sign = minor < 0n ? '-' : '';
  const digits = (minor < 0n ? -minor : minor).toString().padStart(scale + 1, '0');
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function toMinor(text: string, scale: number): bigint {
  const [whole = '', decimals = ''] = text.split('.');
  return BigInt(whole + decimals.padEnd(scale, '0'));
}
