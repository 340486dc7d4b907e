import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeRefund } from '../src/judge-refund.ts';

const parent = { totalAmount: '2000.00', currency: 'ARS' };
const child = (totalAmount: unknown, status: string | null = 'SETTLED', currency: unknown = 'ARS') => ({
  totalAmount,
  status,
  currency,
});
const wanted = (amount: string) => ({ amount, currency: 'ARS' as const });

describe('what is left to refund', () => {
  test.each([
    ['nothing refunded yet, the whole', [], '2000.00', 0n],
    ['a part beside a settled refund', [child('150.00')], '1850.00', 15_000n],
    ['a refund that is still under way counts', [child('150.00', 'RECEIVED')], '1850.00', 15_000n],
    ['a refund of a status nobody knows counts', [child('150.00', 'ODD')], '1850.00', 15_000n],
    ['a refund nobody has read yet counts', [child('150.00', null)], '1850.00', 15_000n],
    [
      'refunds that failed, expired or are unsettled give back',
      [child('900', 'FAILED'), child('900', 'EXPIRED'), child('900', 'UNSETTLED')],
      '2000',
      0n,
    ],
    ['amounts are compared by value', [child('1000'), child(999.9)], '0.1', 199_990n],
  ])('%s', (_what, children, amount, doneMinor) => {
    expect(judgeRefund(parent, children, wanted(amount))).toMatchObject({
      kind: 'fits',
      doneMinor,
      wholeMinor: 200_000n,
    });
  });

  test('one cent more than what is left is rejected and says what is left', () => {
    expect(judgeRefund(parent, [child('150.00')], wanted('1850.01'))).toEqual({
      kind: 'rejected',
      problem: {
        code: 'refund_exceeds_refundable',
        detail: '1850.01 ARS is more than what is left to refund: 1850.00 ARS of 2000.00 ARS.',
      },
    });
  });

  test('what was ruled out and may have been given back all the same is left to nobody', () => {
    expect(judgeRefund(parent, [child('150.00')], wanted('1750.00'), 10_000n)).toMatchObject({
      kind: 'fits',
      doneMinor: 15_000n,
    });
    expect(judgeRefund(parent, [child('150.00')], wanted('1750.01'), 10_000n)).toMatchObject({
      kind: 'rejected',
      problem: { detail: expect.stringContaining('1750.00 ARS of 2000.00 ARS') },
    });
  });

  test('another currency than the payment is rejected', () => {
    expect(judgeRefund(parent, [], { amount: '1.00', currency: 'COP' })).toMatchObject({
      problem: { code: 'refund_currency_differs' },
    });
  });

  test.each([
    ['the payment', { totalAmount: '2000.001', currency: 'ARS' }, []],
    ['the payment has none', { totalAmount: undefined, currency: 'ARS' }, []],
    ['an earlier refund', parent, [child('1.001')]],
    ['an earlier refund in another currency', parent, [child('1.00', 'SETTLED', 'COP')]],
  ])('an amount that cannot be counted exactly is for a person: %s', (_what, whole, children) => {
    expect(judgeRefund(whole, children, wanted('1.00'))).toMatchObject({ kind: 'parked' });
  });

  test('refunds that fit never add up to more than the payment', () => {
    const cents = fc.integer({ min: 1, max: 300_000 });
    const text = (minor: number) => `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`;
    fc.assert(
      fc.property(fc.array(cents, { maxLength: 5 }), cents, (done, minor) => {
        const judged = judgeRefund(
          parent,
          done.map((amount) => child(text(amount))),
          wanted(text(minor)),
        );
        const sum = done.reduce((a, b) => a + b, minor);
        expect(judged.kind).toBe(sum <= 200_000 ? 'fits' : 'rejected');
      }),
    );
  });
});
