import { toPlainDecimal } from '../../domain/plain-decimal.ts';

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A double holds every decimal of up to this many digits exactly. */
const EXACT_DIGITS_MAX = 15;

/**
 * Reads JSON from bytes. A number that a double could not hold exactly, or would write otherwise, stays the text it was sent as,
 * without exponent: an amount or account number sent as a number is never rounded, and `1.50` never `1.5`.
 * Undefined when the bytes are not strict UTF-8 (a byte order mark counts as a fault) or not JSON.
 */
export function parseJsonBytes(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(strictUtf8.decode(bytes), keepExactNumber) as unknown;
  } catch {
    return undefined;
  }
}

/** The text of strict UTF-8 bytes, null otherwise; a byte order mark is kept as a character. */
export function decodeStrictUtf8(bytes: Uint8Array): string | null {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return null;
  }
}

export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keepExactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  const digits = source.replace(/[eE].*$/, '').replace(/\D/g, '').length;
  const plain = toPlainDecimal(source);
  return digits > EXACT_DIGITS_MAX || String(value) !== plain ? plain : value;
}
