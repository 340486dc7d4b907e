import { describe, expect, test } from 'vitest';
import type { LockedPayment } from '../../src/db/payments.ts';
import { type ComparedObservation, compareObservation } from '../../src/mirror/compare-observation.ts';
import type { ObservedFacts } from '../../src/mirror/observe-payment.ts';

const asked = {
  externalId: 'order-1',
  accountNumber: '1001',
  type: 'COLLECT',
  purchaseAmount: '30000.00',
  purchaseCurrency: 'COP',
  totalAmount: null,
  currency: null,
};
const converting = { ...asked, purchaseAmount: '100.00', purchaseCurrency: 'USD', currency: 'COP' };

type Mirror = Pick<LockedPayment, 'asked' | 'snapshot' | 'status' | 'isCompared'>;

/** A payment whose create was answered with id and status alone: the mirror holds what was accepted. */
const unread: Mirror = {
  asked,
  snapshot: { purchaseAmount: '30000.00', purchaseCurrency: 'COP' },
  status: 'CREATED',
  isCompared: false,
};
/** One that was read, with its fee. */
const read: Mirror = {
  ...unread,
  snapshot: { ...unread.snapshot, totalAmount: '29850.00', currency: 'COP' },
  isCompared: true,
};
const unasked: Mirror = { ...read, asked: null, isCompared: false };

const whole = {
  externalId: 'order-1',
  accountNumber: '1001',
  type: 'COLLECT',
  purchaseAmount: '30000.00',
  purchaseCurrency: 'COP',
};

function observed(source: ObservedFacts['source'], told: Partial<ObservedFacts>): ObservedFacts {
  const snapshot = source === 'delivery' ? null : {};
  const rest = { snapshot, sourceId: null, askedAtVersion: null };
  return { source, status: 'CAPTURED', conomyId: 'p1', ...rest, ...told };
}

function compare(
  mirror: Mirror,
  source: ObservedFacts['source'],
  told: Partial<ObservedFacts>,
): ComparedObservation {
  return compareObservation(mirror, observed(source, told));
}

describe('a delivery', () => {
  test.each<[what: string, mirror: Mirror, told: Partial<ObservedFacts>, amountDiffers: boolean]>([
    ['of what was accepted, before the first read', unread, { totalAmount: '30000', currency: 'COP' }, false],
    ['of another amount, before the first read', unread, { totalAmount: '29850.00', currency: 'COP' }, true],
    [
      'of another currency, before the first read',
      unread,
      { totalAmount: '30000.00', currency: 'USD' },
      true,
    ],
    ['of another purchase amount, before the first read', unread, { purchaseAmount: '99000.00' }, true],
    ['that names no amount, before the first read', unread, {}, false],
    [
      'of an amount finer than the currency, before the first read',
      unread,
      { totalAmount: '30000.001', currency: 'COP' },
      true,
    ],
    ['of what was read', read, { totalAmount: '29850', currency: 'COP' }, false],
    ['of another amount than was read', read, { totalAmount: '30000.00', currency: 'COP' }, true],
    ['of another currency than was read', read, { currency: 'USD' }, true],
    [
      'of a payment that converts, before the first read',
      { ...unread, asked: converting },
      { totalAmount: '1.00', currency: 'COP' },
      false,
    ],
    ['of a payment nobody asked for', unasked, { totalAmount: '29850.00', currency: 'COP' }, false],
    [
      'of another amount of a payment nobody asked for',
      unasked,
      { totalAmount: '1.00', currency: 'COP' },
      true,
    ],
  ])('%s', (_what, mirror, told, amountDiffers) => {
    expect(compare(mirror, 'delivery', told)).toMatchObject({
      amountDiffers,
      isAnother: false,
      isCompared: false,
    });
  });

  test.each([
    ['externalId', { externalId: 'order-2' }],
    ['type', { type: 'P2P' }],
  ])('of another %s tells of another payment', (field, told) => {
    expect(compare(unread, 'delivery', told)).toMatchObject({ isAnother: true, differs: [{ field }] });
  });
});

describe('an answer', () => {
  const fees = [{ amount: '150.00' }];
  test.each<[what: string, told: Partial<ObservedFacts>, isCompared: boolean, amountDiffers: boolean]>([
    ['that names all compares the payment', whole, true, false],
    [
      'whose fees explain the total compares it',
      { ...whole, totalAmount: '29850.00', snapshot: { fees } },
      true,
      false,
    ],
    ['whose total nothing explains does not', { ...whole, totalAmount: '29850.00' }, false, true],
    ['without an amount does not', { ...whole, purchaseAmount: undefined }, false, false],
    ['without its account does not', { ...whole, accountNumber: undefined }, false, false],
    ['without its type does', { ...whole, type: undefined }, true, false],
    ['of another amount does not', { ...whole, purchaseAmount: '1.00' }, false, true],
  ])('%s', (_what, told, isCompared, amountDiffers) => {
    expect(compare(unread, 'answer', told)).toMatchObject({ isCompared, amountDiffers });
  });
});

describe('a read', () => {
  test.each<[what: string, told: Partial<ObservedFacts>, isCompared: boolean, amountDiffers: boolean]>([
    ['compares the payment, whatever it lacks', {}, true, false],
    [
      'that tells an unexplained total compares it, and the amount differs',
      { ...whole, totalAmount: '1.00' },
      true,
      true,
    ],
    ['of another amount does not compare it', { ...whole, purchaseAmount: '1.00' }, false, true],
    ['of another account does not', { ...whole, accountNumber: '1002' }, false, false],
  ])('%s', (_what, told, isCompared, amountDiffers) => {
    expect(compare(unread, 'read', told)).toMatchObject({ isCompared, amountDiffers });
  });

  test('of a payment that converts differs once its total is another than was read before', () => {
    const mirror = { ...read, asked: converting, snapshot: { totalAmount: '400000.00', currency: 'COP' } };
    const told = { ...whole, purchaseAmount: '100.00', purchaseCurrency: 'USD', currency: 'COP' };
    expect(compare(mirror, 'read', { ...told, totalAmount: '400000' }).amountDiffers).toBe(false);
    expect(compare(mirror, 'read', { ...told, totalAmount: '400001' }).amountDiffers).toBe(true);
  });
});
