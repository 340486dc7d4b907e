import { describe, expect, test } from 'vitest';
import {
  type AskedEffect,
  type ConcludeRefusal,
  refuseMade,
  type ToldEffect,
} from '../../src/domain/conclude.ts';
import { atCapture, atRefund, attempt, codeOf, parked } from './concluded-commands.ts';

describe('made', () => {
  const asked = {
    externalId: 'order-1',
    accountNumber: '200',
    type: 'COLLECT',
    purchaseAmount: '30000.00',
    purchaseCurrency: 'COP',
  };
  const told = (over: Partial<ToldEffect> = {}): ToldEffect => ({
    id: 'p1',
    status: 'CREATED',
    documentationStatus: null,
    ...asked,
    totalAmount: '30000.00',
    currency: 'COP',
    ...over,
  });
  const payment = (id: string | null = null): AskedEffect => ({ kind: 'payment', asked: { ...asked, id } });
  const fieldsOf = (refusal: ConcludeRefusal | null) =>
    refusal?.code === 'payment_differs' ? refusal.fields : refusal;

  test('of a create is the payment that was asked for', () => {
    expect(refuseMade(parked(), payment(), told(), null)).toBeNull();
  });

  test.each<[string, Partial<ToldEffect>, object[]]>([
    [
      'another externalId',
      { externalId: 'order-2' },
      [{ field: 'externalId', asked: 'order-1', told: 'order-2' }],
    ],
    [
      'another amount',
      { purchaseAmount: '30000.01' },
      [{ field: 'purchaseAmount', asked: '30000.00', told: '30000.01' }],
    ],
    ['another account', { accountNumber: '201' }, [{ field: 'accountNumber', asked: '200', told: '201' }]],
    ['another type', { type: 'P2P' }, [{ field: 'type', asked: 'COLLECT', told: 'P2P' }]],
    ['no externalId', { externalId: undefined }, [{ field: 'externalId', asked: 'order-1', told: null }]],
    [
      'no amount',
      { purchaseAmount: undefined },
      [{ field: 'purchaseAmount', asked: '30000.00', told: null }],
    ],
    ['no account, which a whole read may leave out', { accountNumber: undefined }, []],
  ])('of a create is held against what was asked for: %s', (_what, over, fields) => {
    expect(fieldsOf(refuseMade(parked(), payment(), told(over), null)) ?? []).toEqual(fields);
  });

  test('of a payment that is bound, what a read leaves out counts as agreeing, and what contradicts does not', () => {
    const captured = { status: 'CAPTURED', externalId: undefined, purchaseAmount: undefined };
    expect(refuseMade(atCapture(), payment('p1'), told(captured), null)).toBeNull();
    expect(fieldsOf(refuseMade(atCapture(), payment('p1'), told({ ...captured, id: 'p2' }), null))).toEqual([
      { field: 'id', asked: 'p1', told: 'p2' },
    ]);
  });

  const CAPTURED = ['CAPTURED', 'RECEIVED', 'SETTLED', 'UNSETTLED'];
  const NO_CAPTURE = [
    'ATTEMPT',
    'CREATED',
    'FAILED',
    'EXPIRED',
    'REQUIRES_REVIEW',
    'DISPUTED',
    'REVERSED',
    'ODD',
  ];
  test.each([
    ...[...CAPTURED, 'AUTHORIZED'].map((status) => ['authorize', status, null] as const),
    ...NO_CAPTURE.map((status) => ['authorize', status, 'effect_not_seen'] as const),
    ...CAPTURED.map((status) => ['capture', status, null] as const),
    ...[...NO_CAPTURE, 'AUTHORIZED'].map((status) => ['capture', status, 'effect_not_seen'] as const),
  ])('of %s of a payment that is %s: %s', (operation, status, code) => {
    const command = atCapture({ steps: ['create', operation] });
    expect(codeOf(refuseMade(command, payment('p1'), told({ status }), null))).toBe(code);
  });

  test.each([
    [null, 'effect_not_seen'],
    ['PENDING', 'effect_not_seen'],
    ['REJECTED', 'effect_not_seen'],
    ['UPLOADED', null],
    ['SENT', null],
    ['APPROVED', null],
  ])('of a document whose payment says %s of its documents: %s', (documentationStatus, code) => {
    const command = atCapture({ steps: ['create', 'submit_document'] });
    expect(codeOf(refuseMade(command, payment('p1'), told({ documentationStatus }), null))).toBe(code);
  });

  describe('of a refund', () => {
    const refund = (isLinked = false): AskedEffect => ({
      kind: 'refund',
      asked: { parentPaymentId: 'p1', amount: '500.00', currency: 'COP' },
      isLinked,
    });
    const child = (over: Partial<ToldEffect> = {}): ToldEffect => ({
      id: 'r1',
      status: 'SETTLED',
      documentationStatus: null,
      type: 'REFUND',
      parentPaymentId: 'p1',
      totalAmount: '500.00',
      currency: 'COP',
      ...over,
    });
    const LISTED = new Date('2026-03-02T09:00:00Z');
    const began = attempt({ refundsBefore: 3, refundsListedAt: LISTED });
    const begun = atRefund({ attempts: [began] });
    const later = { number: 4, createdAt: LISTED };

    test('is the one of that payment and amount that was not there before', () => {
      expect(refuseMade(begun, refund(), child(), later)).toBeNull();
      expect(refuseMade(begun, refund(), child(), null)).toBeNull();
    });

    test.each<[string, Partial<ToldEffect>, string[]]>([
      ['another amount', { totalAmount: '500.01' }, ['totalAmount']],
      ['another parent', { parentPaymentId: 'p2' }, ['parentPaymentId']],
      ['no parent', { parentPaymentId: undefined }, ['parentPaymentId']],
      ['another currency', { currency: 'USD' }, ['currency']],
    ])('of %s differs', (_what, over, fields) => {
      const refusal = refuseMade(begun, refund(), child(over), later);
      expect(refusal).toMatchObject({
        code: 'payment_differs',
        fields: fields.map((field) => ({ field })),
      });
    });

    test('needs not name its parent where a whole list of the parent told it', () => {
      expect(refuseMade(begun, refund(true), child({ parentPaymentId: undefined }), later)).toBeNull();
      expect(codeOf(refuseMade(begun, refund(true), child({ parentPaymentId: 'p2' }), later))).toBe(
        'payment_differs',
      );
    });

    test.each([
      ['numbered at the last one before the call', { number: 3, createdAt: null }],
      ['made before the list that preceded it', { number: 4, createdAt: new Date(LISTED.getTime() - 1) }],
    ])('that was %s was there before', (_what, before) => {
      expect(codeOf(refuseMade(begun, refund(), child(), before))).toBe('effect_not_seen');
    });

    test('that an answer named is it, whatever its amount, and no other is', () => {
      const claimed = atRefund({ problemCode: 'amount_differs', attempts: [{ ...began, childId: 'r1' }] });
      const otherAmount = child({ totalAmount: '700.00' });
      expect(refuseMade(claimed, refund(), otherAmount, { number: 1, createdAt: null })).toBeNull();
      expect(fieldsOf(refuseMade(claimed, refund(), child({ id: 'r2' }), later))).toEqual([
        { field: 'id', asked: 'r1', told: 'r2' },
      ]);
    });
  });
});
