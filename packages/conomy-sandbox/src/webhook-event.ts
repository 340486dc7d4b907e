import { createHmac } from 'node:crypto';
import { isoInstant, type Payment, type PaymentStatus } from './payment.ts';

/**
 * How events are written and signed. `body`: the newest documented form, with the signature in the body.
 * `header`: the repository's form, signed over the raw bytes in `X-Webhook-Signature`.
 */
export const WEBHOOK_FORMS = ['body', 'header'] as const;

export type WebhookForm = (typeof WEBHOOK_FORMS)[number];

interface BodyEvent {
  form: 'body';
  event: string;
  /** Without a `transaction`: nothing that is signed says what it is about. */
  data: { transaction?: Record<string, string>; note?: string };
}

interface HeaderEvent {
  form: 'header';
  payload: Record<string, unknown> & { eventType: string };
}

/** An event as it stood when it happened; tries of its delivery change nothing in it. */
export type WebhookEvent = BodyEvent | HeaderEvent;

/** What the newest form announces; SETTLED and all other statuses are never announced. */
const BODY_EVENTS: Partial<Record<PaymentStatus, string>> = {
  CAPTURED: 'Transaction.Captured',
  RECEIVED: 'Transaction.Received',
  FAILED: 'Transaction.Failed',
};

/** The events of the older catalogue that announce one status, beside `transaction.status_changed`. */
const HEADER_EVENTS: Partial<Record<PaymentStatus, string>> = {
  SETTLED: 'payment.settled',
  UNSETTLED: 'payment.unsettled',
  EXPIRED: 'payment.expired',
  FAILED: 'payment.failed',
  REQUIRES_REVIEW: 'payment.requiresReview',
};

const REFUND_EVENTS: Partial<Record<PaymentStatus, string>> = {
  CAPTURED: 'payment.refund.captured',
  SETTLED: 'payment.refund.settled',
  FAILED: 'payment.refund.failed',
};

/** What is announced when `payment` has entered its status from `from`; null = it is new. */
export function eventsOf(
  payment: Payment,
  from: PaymentStatus | null,
  form: WebhookForm,
  nowMs: number,
): WebhookEvent[] {
  if (form === 'body') return from === null ? [] : bodyEvents(payment);
  return headerEventTypes(payment, from).map((eventType) => ({
    form: 'header',
    payload: {
      eventType,
      timestamp: isoInstant(nowMs),
      transaction: transactionOf(payment),
      ...whoOf(payment),
    },
  }));
}

/** Refunds are announced in the older catalogue alone. */
function bodyEvents({
  type,
  id,
  purchaseAmount,
  totalAmount,
  externalId,
  currency,
  status,
}: Payment): BodyEvent[] {
  const event = type === 'REFUND' ? undefined : BODY_EVENTS[status];
  if (event === undefined) return [];
  const transaction = { id, purchaseAmount, totalAmount, externalId, currency, status };
  return [{ form: 'body', event, data: { transaction } }];
}

function headerEventTypes(payment: Payment, from: PaymentStatus | null): string[] {
  if (from === null) return eventTypeOfNew(payment);
  const { type, status } = payment;
  const named = (type === 'REFUND' ? REFUND_EVENTS : HEADER_EVENTS)[status];
  return [
    'transaction.status_changed',
    ...(named === undefined ? [] : [named]),
    ...(from === 'REQUIRES_REVIEW' ? reviewEventTypes(status) : []),
  ];
}

function eventTypeOfNew({ type, status, reconciliationStatus }: Payment): string[] {
  if (type === 'REFUND') return ['payment.refund.created'];
  if (status === 'ATTEMPT') return ['purchase.attempted'];
  if (type !== 'LOCAL_DEPOSIT') return [];
  if (reconciliationStatus === 'UNDERPAID') return ['purchase.underpaid'];
  if (reconciliationStatus === 'OVERPAID') return ['purchase.overpaid'];
  return ['purchase.pendingAssignment'];
}

function reviewEventTypes(status: PaymentStatus): string[] {
  if (status === 'EXPIRED') return [];
  return [
    status === 'FAILED' ? 'payment.reviewRejected' : 'payment.reviewApproved',
    'payment.reviewResolved',
  ];
}

/** Fields that do not apply are null, as in the documented payloads. */
function transactionOf(payment: Payment): Record<string, string | null> {
  const { id, externalId, status, totalAmount, currency, type, enteredAtMs } = payment;
  const instantOf = (entered: PaymentStatus) => {
    const at = enteredAtMs[entered];
    return at === undefined ? null : isoInstant(at);
  };
  return {
    id,
    externalId,
    status,
    totalAmount,
    currency,
    type,
    parentPaymentId: payment.parentPaymentId ?? null,
    relatedPaymentId: payment.relatedPaymentId ?? null,
    customerId: null,
    settledAt: instantOf('SETTLED'),
    expiredAt: instantOf('EXPIRED'),
    unsettledAt: instantOf('UNSETTLED'),
    unsettledReason: payment.unsettledReason ?? null,
    settlementBatchId: null,
    documentationStatus: payment.documentationStatus ?? null,
  };
}

function whoOf({ identityId }: Payment) {
  return { identity: { id: identityId, email: `${identityId}@sandbox.example` } };
}

export interface SignedDelivery {
  /** The bytes to send, as UTF-8 text. */
  body: string;
  headers: Record<string, string>;
}

/** The bytes and the signature of a delivery; without a secret the provider sends events unsigned. */
export function signDelivery(event: WebhookEvent, secret: string): SignedDelivery {
  if (event.form === 'header') {
    const body = JSON.stringify(event.payload);
    return { body, headers: secret === '' ? {} : { 'x-webhook-signature': hmac(body, secret) } };
  }
  const { event: name, data } = event;
  const signed = JSON.stringify({ event: name, data });
  if (secret === '') return { body: signed, headers: {} };
  return { body: JSON.stringify({ event: name, data, signature: hmac(signed, secret) }), headers: {} };
}

function hmac(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
