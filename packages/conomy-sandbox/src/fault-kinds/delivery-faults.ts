import type { SignedDelivery, WebhookEvent } from '../webhook-event.ts';
import type { FaultBehaviour } from './behaviour.ts';

/** A status that no payment of the sandbox has unless a control route moves it there. */
const CONTRADICTING = 'DISPUTED';

/** What becomes of events on their way, and how they are written. */
export const DELIVERY_FAULTS = {
  /** The event is lost: this delivery and its retries. `delayMs` has no meaning here. */
  'webhook-drop': { site: 'delivery', deliver: () => ({ copiesAfterMs: [] }) },
  /** The event is delivered twice, the second time after `delayMs`. */
  'webhook-duplicate': { site: 'delivery', deliver: (delayMs = 0) => ({ copiesAfterMs: [0, delayMs] }) },
  /** The event is delivered after `delayMs` (2,000). */
  'webhook-delay': { site: 'delivery', deliver: (delayMs = 2_000) => ({ copiesAfterMs: [delayMs] }) },
  /** The event is overtaken by the next one of its payment, for which it waits `delayMs` (5,000) at most. */
  'webhook-reorder': {
    site: 'delivery',
    deliver: (delayMs = 5_000) => ({ copiesAfterMs: [0], afterNextMs: delayMs }),
  },
  /** The event and its retries are signed with another secret, so they are as good as lost. */
  'webhook-bad-signature': { site: 'delivery', deliver: () => ({ copiesAfterMs: [0], badlySigned: true }) },
  /** Form `body`: the event with members beside the signed ones that say something else of its payment, then one whose only word of the payment is unsigned. */
  'webhook-unsigned-members': {
    site: 'delivery',
    deliver: (delayMs = 0) => ({ copiesAfterMs: [0, delayMs], write: withUnsignedMembers }),
  },
  /** The event is delivered three times, each with white space of its own around what is signed. */
  'webhook-other-white-space': {
    site: 'delivery',
    deliver: (delayMs = 0) => ({
      copiesAfterMs: [0, delayMs, delayMs],
      write: (event, nth, sign) => {
        const signed = sign(event);
        return { ...signed, body: spaced(event, signed.body, nth) };
      },
    }),
  },
  /** Members of the event stand in it twice; the last ones are right and signed. As good as lost for a careful receiver. */
  'webhook-doubled-members': {
    site: 'delivery',
    deliver: () => ({
      copiesAfterMs: [0],
      write: (event, _nth, sign) => {
        const signed = sign(event);
        const first = event.form === 'body' ? '"event":"Transaction.Failed"' : '"eventType":"payment.failed"';
        return event.form === 'body' ? { ...signed, body: `{${first},${signed.body.slice(1)}` } : signed;
      },
    }),
  },
  /** The event names a payment with an id, and has a status, that cannot be stored: 4,000 letters, NUL or half a surrogate pair; the right event follows. */
  'webhook-unstorable': {
    site: 'delivery',
    deliver: (delayMs = 0, pick) => {
      const text = ['x'.repeat(4_000), 'x\u0000', 'x\ud83d'][pick(0, 2)] ?? '';
      return {
        copiesAfterMs: [0, delayMs],
        write: (event, nth, sign) =>
          sign(nth === 0 ? withTransaction(event, { id: text, status: text }) : event),
      };
    },
  },
} as const satisfies Record<string, FaultBehaviour>;

function withUnsignedMembers(
  event: WebhookEvent,
  nth: number,
  sign: (event: WebhookEvent) => SignedDelivery,
): SignedDelivery {
  // The other form signs every byte.
  if (event.form === 'header') return sign(event);
  const { transaction } = event.data;
  const contradicting = { ...transaction, status: CONTRADICTING, totalAmount: '1.00' };
  const signed = sign(
    nth === 0 ? event : { ...event, event: 'purchase.assigned', data: { note: 'assigned' } },
  );
  const unsigned = { transaction: contradicting, eventType: 'payment.failed', status: CONTRADICTING };
  return { ...signed, body: JSON.stringify({ ...unsigned, ...JSON.parse(signed.body) }) };
}

/** Of the form `body` the signature is over the compact text whatever the bytes; the other form signs these bytes. */
function spaced({ form }: WebhookEvent, body: string, nth: number): string {
  if (form === 'header' || nth === 0) return body;
  return nth === 1 ? JSON.stringify(JSON.parse(body), null, 2) : `  ${body}\n\n`;
}

function withTransaction(event: WebhookEvent, over: Record<string, string>): WebhookEvent {
  if (event.form === 'body')
    return { ...event, data: { transaction: { ...event.data.transaction, ...over } } };
  return {
    ...event,
    payload: { ...event.payload, transaction: { ...(event.payload.transaction as object), ...over } },
  };
}
