import { createHmac } from 'node:crypto';
import type { Payment, PaymentStatus } from './payment.ts';

/** How events are written and signed. `body`: the newest documented form, with the signature in the body. */
export const WEBHOOK_FORMS = ['body'] as const;

export type WebhookForm = (typeof WEBHOOK_FORMS)[number];

/** What the newest form announces; SETTLED and all other statuses are never announced. */
const EVENT_OF_STATUS: Partial<Record<PaymentStatus, string>> = {
  CAPTURED: 'Transaction.Captured',
  RECEIVED: 'Transaction.Received',
  FAILED: 'Transaction.Failed',
};

export interface WebhookEvent {
  event: string;
  data: { transaction: Record<string, string> };
}

/** The event that announces the payment's present status, null when none does. */
export function eventOf(payment: Payment): WebhookEvent | null {
  const event = EVENT_OF_STATUS[payment.status];
  if (event === undefined) return null;
  const { id, purchaseAmount, totalAmount, externalId, currency, status } = payment;
  return { event, data: { transaction: { id, purchaseAmount, totalAmount, externalId, currency, status } } };
}

/** The bytes of a delivery; without a secret the provider sends events unsigned. */
export function deliveryBody({ event, data }: WebhookEvent, secret: string): string {
  const signed = JSON.stringify({ event, data });
  if (secret === '') return signed;
  const signature = createHmac('sha256', secret).update(signed).digest('hex');
  return JSON.stringify({ event, data, signature });
}
