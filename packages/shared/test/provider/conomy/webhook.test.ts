import { describe, expect, it } from 'vitest';
import { readDelivery } from '../../../src/provider/conomy/webhook.ts';
import { fixture } from './fixtures.ts';

const read = (name: string) => readDelivery(fixture(name) as Record<string, unknown>);

describe('readDelivery', () => {
  it('reads the newest form', () => {
    expect(read('webhook-transaction-captured')).toEqual({
      event: 'Transaction.Captured',
      about: 'payment',
      conomyId: '67a0307eaddea901a60144ec',
      externalId: '123456',
      purchaseAmount: '50000',
      status: 'CAPTURED',
      totalAmount: '50000',
      currency: 'COP',
      raw: fixture('webhook-transaction-captured'),
    });
  });

  it('reads the older form, where an empty externalId is none', () => {
    expect(read('webhook-event-type-payment-settled')).toMatchObject({
      event: 'payment.settled',
      conomyId: '69e0df45b604159c5b8ba5a9',
      externalId: 'bm_abc-123',
      status: 'SETTLED',
      totalAmount: '2000.00',
      currency: 'ARS',
    });
    expect(read('webhook-event-type-payment-refund-created')).not.toHaveProperty('externalId');
  });

  it('an event about a customer has no payment', () => {
    const raw = fixture('webhook-event-type-customer-level-changed');
    expect(read('webhook-event-type-customer-level-changed')).toEqual({
      event: 'customer.levelChanged',
      about: 'customer',
      raw,
    });
  });

  it('a refund names the payment it gives back from', () => {
    expect(read('webhook-event-type-payment-refund-created')).toMatchObject({
      about: 'refund',
      type: 'REFUND',
      conomyId: '69e25383b604159c5b8ba5bb',
      parentPaymentId: '69e0df45b604159c5b8ba5a9',
    });
  });

  it.each([
    ['Transaction.Captured', 'payment'],
    ['Transaction.Received', 'payment'],
    ['Transaction.Failed', 'payment'],
    ['transaction.status_changed', 'payment'],
    ['payment.settled', 'payment'],
    ['payment.unsettled', 'payment'],
    ['payment.expired', 'payment'],
    ['payment.failed', 'payment'],
    ['payment.requiresReview', 'payment'],
    ['payment.reviewApproved', 'payment'],
    ['payment.reviewRejected', 'payment'],
    ['payment.reviewResolved', 'payment'],
    ['payment.refund.created', 'refund'],
    ['payment.refund.captured', 'refund'],
    ['payment.refund.settled', 'refund'],
    ['payment.refund.failed', 'refund'],
    ['purchase.attempted', 'payment'],
    ['purchase.pendingAssignment', 'payment'],
    ['purchase.underpaid', 'payment'],
    ['purchase.overpaid', 'payment'],
    ['customer.levelChanged', 'customer'],
    ['payment.invented', 'unknown'],
    ['toString', 'unknown'],
  ])('%s is about: %s', (eventType, about) => {
    const transaction = { id: 'p1', status: 'SETTLED', relatedPaymentId: 'p2', parentPaymentId: null };
    expect(readDelivery({ eventType, transaction })).toEqual({
      event: eventType,
      about,
      conomyId: 'p1',
      status: 'SETTLED',
      relatedPaymentId: 'p2',
      raw: { eventType, transaction },
    });
  });

  it('an event of any payment is about a refund when its transaction is one', () => {
    const about = (transaction: Record<string, unknown>) =>
      readDelivery({ eventType: 'transaction.status_changed', transaction }).about;
    expect(about({ id: 'r1', type: 'REFUND' })).toBe('refund');
    expect(about({ id: 'r1', parentPaymentId: 'p1' })).toBe('refund');
    expect(about({ id: 'p1', type: 'PURCHASE', parentPaymentId: 'p0' })).toBe('payment');
  });

  it('reads PENDING as CREATED', () => {
    const payload = { event: 'x', data: { transaction: { id: 'a', status: 'PENDING' } } };
    expect(readDelivery(payload)).toMatchObject({ status: 'CREATED' });
  });

  it('never fails, whatever the payload holds', () => {
    for (const payload of [
      {},
      { event: 5, data: [] },
      { event: '', data: { transaction: 'none' } },
      { eventType: null, transaction: { id: 7, status: {} } },
    ]) {
      expect(readDelivery(payload)).toEqual({ event: 'unnamed', about: 'unknown', raw: payload });
    }
  });
});
