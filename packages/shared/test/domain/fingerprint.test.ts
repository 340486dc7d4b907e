import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fingerprint } from '../../src/domain/fingerprint.ts';

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same JSON value with the members of every object in the opposite order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reordered(member)]),
  );
}

test('a fingerprint is 32 bytes and the same for members in any order', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(fingerprint(value)).toHaveLength(32);
      expect(fingerprint(reordered(value))).toEqual(fingerprint(value));
    }),
  );
});

test('it does not see white space or how a number or a character was written', () => {
  const one = JSON.parse('{"a": 1.0, "b": "\\u0041"}');
  expect(fingerprint(one)).toEqual(fingerprint(JSON.parse('{"b":"A","a":1}')));
});

test.each([
  ['a value', { a: 1 }, { a: 2 }],
  ['a number for a text', { a: 1 }, { a: '1' }],
  ['the order of a list', { a: [1, 2] }, { a: [2, 1] }],
  ['the scale of an amount', { amount: '10.0' }, { amount: '10.00' }],
  ['a member that is null instead of absent', { a: null }, {}],
])('it sees %s', (_what, one, other) => {
  expect(fingerprint(one)).not.toEqual(fingerprint(other));
});

test('it is the SHA-256 of the RFC 8785 form', () => {
  expect(fingerprint({ b: 1, a: 'é' }).toString('hex')).toBe(
    'aa58fba8483623bed37c1b02edfccbdd9a53123837c20bfa4cb4049993a2872e',
  );
});

test('what JSON cannot hold is refused', () => {
  expect(() => fingerprint(undefined)).toThrow('cannot fingerprint');
});
