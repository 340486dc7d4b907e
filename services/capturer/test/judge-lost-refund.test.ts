import { describe, expect, test } from 'vitest';
import { judgeLostRefund, type LostRefund, type PossibleChild } from '../src/judge-lost-refund.ts';

const LISTED = new Date('2026-05-18T10:00:00Z');
const AFTER = new Date('2026-05-18T10:00:01Z');
const BEFORE = new Date('2026-05-18T09:59:59.999Z');

const lost: LostRefund = {
  amount: { minor: 15_000n, currency: 'COP' },
  refundsBefore: 2,
  refundsListedAt: LISTED,
  isDoubtful: false,
};

/** A refund of the amount that was lost, linked after the attempt began and made after the list before it. */
const child = (conomyId: string, over: Partial<PossibleChild> = {}): PossibleChild => ({
  conomyId,
  status: 'RECEIVED',
  number: 3,
  linkedLate: false,
  createdAt: AFTER,
  attemptId: null,
  totalAmount: '150.00',
  currency: 'COP',
  purchaseAmount: null,
  purchaseCurrency: null,
  ...over,
});

const judge = (children: PossibleChild[], over: Partial<LostRefund> = {}) => {
  const judged = judgeLostRefund({ ...lost, ...over }, children);
  if (judged.kind === 'none') return 'none';
  const found = judged.kind === 'one' ? [judged.child] : judged.children;
  return `${judged.kind} ${found.map(({ conomyId }) => conomyId).join(' ')}`;
};

describe('the refund that an attempt of unknown outcome made', () => {
  test.each<[string, PossibleChild[], string]>([
    ['no refund at all', [], 'none'],
    ['one new refund of its amount', [child('a')], 'one a'],
    ['by value, whatever the text', [child('a', { totalAmount: 150 })], 'one a'],
    [
      'by the purchase amount in the same currency',
      [child('a', { totalAmount: null, purchaseAmount: '150' })],
      'one a',
    ],
    ['one that was linked before it began', [child('a', { number: 2 })], 'none'],
    [
      'one made before the list that was read before it, linked since',
      [child('a', { createdAt: BEFORE })],
      'none',
    ],
    ['one made in the second of that list may be it', [child('a', { createdAt: LISTED })], 'one a'],
    ['one that another attempt made', [child('a', { attemptId: 7 })], 'none'],
    ['one of its amount beside an older one', [child('old', { number: 1 }), child('a')], 'one a'],
    [
      'one of its amount beside a new one of another',
      [child('a'), child('b', { totalAmount: '1' })],
      'one a',
    ],
    ['two of its amount', [child('a'), child('b', { number: 4 })], 'several a b'],
    ['only new ones of another amount', [child('b', { totalAmount: '150.01' })], 'other_amount b'],
    ['only one in another currency', [child('b', { currency: 'USD' })], 'other_amount b'],
    ['one that was heard of and not read', [child('a', { status: null, totalAmount: null })], 'unread a'],
    ['one of its amount beside one not read', [child('a'), child('b', { status: null })], 'unread b'],
    ['one that does not say when it was made', [child('a', { createdAt: null })], 'unclear a'],
    ['one that was linked late', [child('a', { linkedLate: true })], 'unclear a'],
    ['one without an amount', [child('a', { totalAmount: null })], 'unclear a'],
    [
      'one without an amount beside one of its amount',
      [child('a'), child('b', { totalAmount: '1.001' })],
      'unclear b',
    ],
    [
      'one of another amount that does not say when it was made',
      [child('b', { totalAmount: '1', createdAt: null })],
      'other_amount b',
    ],
  ])('%s', (_what, children, expected) => {
    expect(judge(children)).toBe(expected);
  });

  test('cannot be told where Conomy did not say when it wrote the list before it', () => {
    expect(judge([child('a')], { refundsListedAt: null })).toBe('unclear a');
    expect(judge([child('a', { number: 2 })], { refundsListedAt: null })).toBe('none');
  });

  test('cannot be told of an attempt that noted no number', () => {
    expect(judge([child('a')], { refundsBefore: null })).toBe('unclear a');
    expect(judge([child('a', { createdAt: BEFORE })], { refundsBefore: null })).toBe('none');
  });

  test('cannot be told while an attempt of the same amount that was ruled out may have made it', () => {
    expect(judge([child('a')], { isDoubtful: true })).toBe('unclear a');
    expect(judge([], { isDoubtful: true })).toBe('none');
  });
});
