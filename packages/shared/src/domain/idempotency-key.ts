import { z } from 'zod';

const KEY = /^[\x21\x23-\x5b\x5d-\x7e]{1,255}$/;
const RULE = 'must be 1 to 255 printable ASCII characters without white space, " and \\';

/** Chosen by the caller before the first try, and the same at every repeat. */
export const idempotencyKey = z.string(RULE).regex(KEY, RULE);

/**
 * The key in the value of the header `Idempotency-Key`: in double quotes, or bare and then without a comma, which would be a second
 * value. Nothing may follow it. Null for anything else.
 */
export function readIdempotencyKeyHeader(value: string): string | null {
  const quoted = /^"(.*)"$/.exec(value)?.[1];
  const key = quoted ?? value;
  return KEY.test(key) && (quoted !== undefined || !key.includes(',')) ? key : null;
}
