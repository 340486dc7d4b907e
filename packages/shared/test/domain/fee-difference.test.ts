import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feesExplain } from '../../src/domain/fee-difference.ts';
import { CURRENCIES, formatAmount } from '../../src/domain/money.ts';

const explained = (
  totalAmount: unknown,
  fees: unknown,
  currency = 'COP',
  purchaseAmount: unknown = '30000.00',
) => feesExplain({ purchaseAmount, totalAmount, currency }, fees);

describe('a total is explained', () => {
  test.each<[what: string, total: unknown, fees: unknown]>([
    ['by nothing when it is the same money', '30000', undefined],
    ['as a number', 30000, []],
    ['by the amount of a fee taken off', '29850.00', [{ type: 'PERCENTAGE', value: '9', amount: '150.00' }]],
    ['by the amount of a fee put on top', '30150.00', [{ type: 'FIXED', value: '1', amount: 150 }]],
    ['by a FIXED value', '29000.00', [{ type: 'FIXED', value: '1000' }]],
    ['by a percentage', '29850.00', [{ type: 'PERCENTAGE', value: '0.5' }]],
    [
      'by the names of older data',
      '28850.00',
      [
        { feeName: 'a', feeType: 'FIXED', feeValue: '1000' },
        { feeName: 'b', feeType: 'PERCENTAGE', feeValue: '0.5' },
      ],
    ],
    [
      'by fees of different kinds',
      '28750.00',
      [{ amount: '100.00' }, { type: 'FIXED', value: 1000 }, { feeType: 'PERCENTAGE', feeValue: 0.5 }],
    ],
    ['within one minor unit', '29849.99', [{ type: 'PERCENTAGE', value: '0.5' }]],
    ['within one minor unit for each fee', '29699.98', [{ amount: '150.00' }, { amount: '150.00' }]],
    ['by a percentage finer than the minor unit', '29990.00', [{ type: 'PERCENTAGE', value: '0.03333' }]],
  ])('%s', (_what, total, fees) => {
    expect(explained(total, fees)).toBe(true);
  });
});

describe('a total is not explained', () => {
  test.each<[what: string, total: unknown, fees: unknown]>([
    ['by no fees', '29850.00', undefined],
    ['by an empty list', '30000.01', []],
    ['one fraction of the minor unit off', '30000.001', []],
    ['two minor units off one fee', '29849.98', [{ amount: '150.00' }]],
    ['when the fees are named and not taken', '30000.00', [{ amount: '150.00' }]],
    ['by a fee in another currency', '29850.00', [{ amount: '150.00', currency: 'USD' }]],
    ['by a fee nobody can read', '29850.00', [{ amount: '1.5e2' }]],
    ['by a fee below zero', '30150.00', [{ amount: '-150.00' }]],
    ['by a fee without a value', '30000.00', [{ type: 'FIXED' }]],
    ['by something that is no fee', '29850.00', ['150.00']],
    ['when it cannot be read', 'a lot', []],
  ])('%s', (_what, total, fees) => {
    expect(explained(total, fees)).toBe(false);
  });

  test('in a currency without a scale', () => {
    expect(explained('30000.00', [], 'XYZ')).toBe(false);
  });
});

test('a percentage counts against the purchase amount, never against the total', () => {
  expect(explained('1890.50', [{ type: 'PERCENTAGE', value: '0.5' }], 'COP', '1900.00')).toBe(true);
  expect(explained('1909.55', [{ type: 'PERCENTAGE', value: '0.5' }], 'COP', '1900.00')).toBe(false);
});

test('a total is explained exactly while it is no more than one minor unit for each fee off their sum', () => {
  const fees = fc.array(fc.bigInt({ min: 0n, max: 10n ** 9n }), { maxLength: 5 });
  fc.assert(
    fc.property(
      fc.constantFrom(...CURRENCIES),
      fees,
      fc.bigInt({ min: -8n, max: 8n }),
      fc.boolean(),
      (currency, minors, off, up) => {
        const purchase = 10n ** 11n;
        const sum = minors.reduce((total, minor) => total + minor, 0n);
        const total = up ? purchase + sum + off : purchase - sum - off;
        const text = (minor: bigint) => formatAmount({ minor, currency });
        const listed = minors.map((minor) => ({ amount: text(minor), currency }));
        const difference = sum + off;
        const isWithin = (off < 0n ? -off : off) <= BigInt(minors.length);
        // Below zero the total lies on the other side of the purchase: the sum itself is the bound.
        fc.pre(difference >= 0n);
        expect(
          feesExplain({ purchaseAmount: text(purchase), totalAmount: text(total), currency }, listed),
        ).toBe(isWithin);
      },
    ),
  );
});
