import { z } from 'zod';
import { isConomyId } from '../../domain/conomy-id.ts';
import { isJsonObject } from './json.ts';
import {
  keptText,
  maybeId,
  maybeName,
  maybeText,
  maybeTextOrNumber,
  statusText,
  withoutUndefined,
} from './schema.ts';

type About = 'payment' | 'refund' | 'customer' | 'unknown';

/**
 * Every event any generation of the documents names, and what its payload is about. An event of a payment is about
 * a refund when its transaction is one.
 */
const EVENTS: Readonly<Record<string, Exclude<About, 'unknown'>>> = {
  'Transaction.Captured': 'payment',
  'Transaction.Received': 'payment',
  'Transaction.Failed': 'payment',
  'transaction.status_changed': 'payment',
  'payment.settled': 'payment',
  'payment.unsettled': 'payment',
  'payment.expired': 'payment',
  'payment.failed': 'payment',
  'payment.requiresReview': 'payment',
  'payment.reviewApproved': 'payment',
  'payment.reviewRejected': 'payment',
  'payment.reviewResolved': 'payment',
  'payment.refund.created': 'refund',
  'payment.refund.captured': 'refund',
  'payment.refund.settled': 'refund',
  'payment.refund.failed': 'refund',
  'purchase.attempted': 'payment',
  'purchase.pendingAssignment': 'payment',
  'purchase.underpaid': 'payment',
  'purchase.overpaid': 'payment',
  'customer.levelChanged': 'customer',
};

export function isKnownEvent(event: string): boolean {
  return Object.hasOwn(EVENTS, event);
}

const EVENT_LENGTH_MAX = 200;

/** What a verified delivery says, whichever of Conomy's two forms it came in. */
export interface ObservedDelivery {
  /** The event's name as sent, `unnamed` when there is none; unknown names pass through. */
  event: string;
  /** `unknown`: nobody documented this event; what it tells about a payment still stands in the other fields. */
  about: About;
  /** The provider's payment id; missing when the event is not about a payment, or names it unusably. */
  conomyId?: string;
  externalId?: string;
  /** As sent, with `PENDING` read as `CREATED`. */
  status?: string;
  purchaseAmount?: string;
  purchaseCurrency?: string;
  totalAmount?: string;
  currency?: string;
  type?: string;
  /** Of a refund: the payment it gives back from. */
  parentPaymentId?: string;
  /** Of a payment whose amount was not what was expected: the companion that carries the difference. */
  relatedPaymentId?: string;
  /** The whole verified payload. */
  raw: Record<string, unknown>;
}

const transactionSchema = z.object({
  id: maybeText,
  _id: maybeText,
  externalId: maybeName,
  status: statusText.optional().catch(undefined),
  purchaseAmount: maybeTextOrNumber,
  purchaseCurrency: maybeText,
  totalAmount: maybeTextOrNumber,
  currency: maybeText,
  type: maybeText,
  parentPaymentId: maybeId,
  relatedPaymentId: maybeId,
});

/**
 * Reads a verified payload: `{event, data: {transaction}}` (newest) or `{eventType, transaction}` (older).
 * Never throws: what is missing or of a wrong type is left out, and the delivery is kept by its `raw`.
 */
export function readDelivery(payload: Record<string, unknown>): ObservedDelivery {
  const names = [payload.event, payload.eventType];
  const name = names.find((told): told is string => typeof told === 'string' && told !== '') ?? 'unnamed';
  const event = keptText(name, EVENT_LENGTH_MAX);
  const data = isJsonObject(payload.data) ? payload.data : {};
  const parsed = transactionSchema.safeParse(data.transaction ?? payload.transaction);
  if (!parsed.success) return { event, about: aboutOf(event, {}), raw: payload };
  const { id, _id, ...fields } = parsed.data;
  const known = id ?? _id;
  const conomyId = known !== undefined && isConomyId(known) ? known : undefined;
  const told = withoutUndefined({ conomyId, ...fields });
  return { event, about: aboutOf(event, told), ...told, raw: payload };
}

function aboutOf(
  event: string,
  { type, parentPaymentId }: { type?: string; parentPaymentId?: string },
): About {
  const about = isKnownEvent(event) ? EVENTS[event] : undefined;
  if (about === undefined) return 'unknown';
  const isRefund = type === undefined ? parentPaymentId !== undefined : type === 'REFUND';
  return about === 'payment' && isRefund ? 'refund' : about;
}
