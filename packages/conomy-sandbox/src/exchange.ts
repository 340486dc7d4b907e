import { CURRENCY_SCALES, type Currency } from '@capstan/shared/domain/money';

/** Units of each currency for one US dollar, in thousandths: fixed, so that every run converts alike. */
const PER_DOLLAR_THOUSANDTHS: Record<Currency, bigint> = {
  USD: 1_000n,
  USDC: 1_000n,
  USDT: 1_000n,
  EUR: 920n,
  GBP: 790n,
  CAD: 1_380n,
  AUD: 1_520n,
  BRL: 5_400n,
  MXN: 18_500n,
  PEN: 3_750n,
  BOB: 6_900n,
  VES: 36_500n,
  ARS: 1_050_000n,
  CLP: 950_000n,
  COP: 4_100_000n,
  PYG: 7_500_000n,
};

/** `minor` units of `from` in minor units of `to`, cut to its scale. */
export function exchange(minor: bigint, from: Currency, to: Currency): bigint {
  if (from === to) return minor;
  return (minor * PER_DOLLAR_THOUSANDTHS[to] * unitOf(to)) / (PER_DOLLAR_THOUSANDTHS[from] * unitOf(from));
}

function unitOf(currency: Currency): bigint {
  return 10n ** BigInt(CURRENCY_SCALES[currency]);
}
