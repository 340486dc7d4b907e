import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mayBeSameExternalId } from '../../src/domain/external-id.ts';

describe('a payment may be the one that was asked for', () => {
  test.each([
    ['with an equal externalId', 'order-1', 'order-1'],
    ['with one whose blanks were trimmed', ' order-1\t', 'order-1'],
    ['with one that has blanks around it', 'order-1', 'order-1 '],
    ['with one that was normalised', 'cafe\u0301-1', 'caf\u00e9-1'],
    ['with one that was not normalised', 'caf\u00e9-1', 'cafe\u0301-1'],
    ['with one that was cut to eight characters', 'invoice-2026', 'invoice-'],
    ['with one that was normalised and cut', 'cafe\u0301-2026-1', 'caf\u00e9-2026'],
    ['with one that was cut inside a character', 'order-cafe\u0301', 'order-cafe'],
    ['with one that was cut at a blank and trimmed', 'invoice7 2026', 'invoice7'],
  ])('%s', (_with, asked, listed) => {
    expect(mayBeSameExternalId(asked, listed)).toBe(true);
  });
});

describe('a payment is another one', () => {
  test.each([
    ['with another externalId', 'order-1', 'order-2'],
    ['with one that was cut to seven characters', 'invoice-2026', 'invoice'],
    ['with one of seven characters, however many units they take', '😀😀😀😀😀😀😀😀', '😀😀😀😀😀😀😀'],
    ['with one that goes on behind ours', 'invoice-2026', 'invoice-2026-2'],
    ['with one of another case', 'invoice-2026', 'INVOICE-2026'],
    ['with none', 'invoice-2026', ''],
  ])('%s', (_with, asked, listed) => {
    expect(mayBeSameExternalId(asked, listed)).toBe(false);
  });
});

test('whatever is trimmed, normalised and cut to eight characters or more may be the same', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 8, unit: 'grapheme' }), fc.nat(40), (asked, cut) => {
      const listed = [...asked.trim().normalize('NFC')].slice(0, 8 + cut).join('');
      fc.pre([...listed.trim()].length >= 8);
      expect(mayBeSameExternalId(asked, listed)).toBe(true);
    }),
  );
});
