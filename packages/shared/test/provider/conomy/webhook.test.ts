import { describe, expect, it } from 'vitest';
import { readDelivery } from '../../../src/provider/conomy/webhook.ts';
import { fixture } from './fixtures.ts';

const read = (name: string) => readDelivery(fixture(name) as Record<string, unknown>);

describe('readDelivery', () => {
  it('reads the newest form', () => {
    expect(read('webhook-transaction-captured')).toEqual({
      event: 'Transaction.Captured',
      conomyId: '67a0307eaddea901a60144ec',
      externalId: '123456',
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
      raw,
    });
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
      expect(readDelivery(payload)).toEqual({ event: 'unnamed', raw: payload });
    }
  });
});
