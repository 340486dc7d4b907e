const NUMBER = /^(-?)(\d+)(?:\.(\d+))?[eE]([+-]?\d+)$/;
/** Zeros that an exponent may stand for; beyond any amount, and so that a few letters do not become a book. */
const SHIFT_MAX = 100;

/** A JSON number as a decimal without exponent, with the digits it was written with: `1.50e3` is `1500`, `0.10` stays. */
export function toPlainDecimal(number: string): string {
  const [, sign = '', whole = '', decimals = '', exponent = ''] = NUMBER.exec(number) ?? [];
  const shift = Number(exponent);
  if (exponent === '' || Math.abs(shift) > SHIFT_MAX) return number;
  const point = whole.length + shift;
  const digits = (whole + decimals).padEnd(point, '0').padStart(digitsBefore(point, whole + decimals), '0');
  const at = Math.max(point, 1);
  const rest = digits.slice(at);
  return `${sign}${digits.slice(0, at).replace(/^0+(?=\d)/, '')}${rest === '' ? '' : `.${rest}`}`;
}

/** With leading zeros where the point moves to the left of all digits. */
function digitsBefore(point: number, digits: string): number {
  return point < 1 ? digits.length + 1 - point : digits.length;
}

/**
 * What Conomy told, as it goes out: it documents no member of a payment as a JSON number, so one that is there
 * stands for an amount, and becomes the decimal it was written as. Everything else stays.
 */
export function withDecimals<T>(told: T): T;
export function withDecimals(told: unknown): unknown {
  if (typeof told === 'number') return toPlainDecimal(String(told));
  if (Array.isArray(told)) return told.map(withDecimals);
  if (typeof told !== 'object' || told === null) return told;
  return Object.fromEntries(Object.entries(told).map(([name, value]) => [name, withDecimals(value)]));
}
