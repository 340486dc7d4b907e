import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { idempotencyKey, readIdempotencyKeyHeader } from '../../src/domain/idempotency-key.ts';

const printable = fc
  .integer({ min: 0x21, max: 0x7e })
  .map((code) => String.fromCharCode(code))
  .filter((character) => character !== '"' && character !== '\\');
const keys = fc.string({ unit: printable, minLength: 1, maxLength: 255 });

describe('an idempotency key', () => {
  test.each(['a', '~', 'x'.repeat(255), "!#$%&'()*+,-./"])('%j is accepted', (key) => {
    expect(idempotencyKey.parse(key)).toBe(key);
  });

  test.each([
    '',
    'x'.repeat(256),
    ' a',
    'a ',
    'order 1',
    'a\n',
    'a\tb',
    '"',
    'a"b',
    'a\\b',
    'ñ',
    'a\u007f',
    '€',
    7,
    null,
  ])('%j is refused', (key) => {
    expect(idempotencyKey.safeParse(key).success).toBe(false);
  });

  test('is any 1 to 255 printable ASCII characters but white space, quotes and backslashes', () => {
    fc.assert(fc.property(keys, (key) => idempotencyKey.safeParse(key).success));
  });

  test('in quotes is the same key as bare, but that a bare one has no comma', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(readIdempotencyKeyHeader(`"${key}"`)).toBe(key);
        expect(readIdempotencyKeyHeader(key)).toBe(key.includes(',') ? null : key);
      }),
    );
  });
});
