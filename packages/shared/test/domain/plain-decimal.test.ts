import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toPlainDecimal, withDecimals } from '../../src/domain/plain-decimal.ts';

test.each([
  ['10', '10'],
  ['0.10', '0.10'],
  ['1e21', '1000000000000000000000'],
  ['1E+2', '100'],
  ['1.50e3', '1500'],
  ['1.50e1', '15.0'],
  ['1.5e-3', '0.0015'],
  ['12.5e-1', '1.25'],
  ['5e-1', '0.5'],
  ['0e5', '0'],
  ['-2.5e2', '-250'],
  ['1e-7', '0.0000001'],
  // Far beyond any amount: kept as it is.
  ['1e999', '1e999'],
  ['1e-999999999', '1e-999999999'],
])('%s is %s', (number, plain) => {
  expect(toPlainDecimal(number)).toBe(plain);
});

test('a plain decimal has the value of its number', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e60, max: 1e60 }), (value) => {
      const plain = toPlainDecimal(String(value));
      fc.pre(Math.abs(value) > 1e-60 || value === 0);
      expect(plain).toMatch(/^-?\d+(\.\d+)?$/);
      expect(Number(plain)).toBe(Object.is(value, -0) ? 0 : value);
    }),
  );
});

test('every number becomes a decimal, at any depth, and nothing else changes', () => {
  const told = { totalAmount: 10.5, fees: [{ amount: 1e21, value: '2' }], a: null, b: true, c: { d: [0.1] } };
  expect(withDecimals(told)).toEqual({
    totalAmount: '10.5',
    fees: [{ amount: '1000000000000000000000', value: '2' }],
    a: null,
    b: true,
    c: { d: ['0.1'] },
  });
});
