import { z } from 'zod';
import { isJsonObject } from './json.ts';
import { readStatus } from './schema.ts';

/** What a verified delivery says, whichever of Conomy's two forms it came in. */
export interface ObservedDelivery {
  /** The event's name as sent, `unnamed` when there is none; unknown names pass through. */
  event: string;
  /** The provider's payment id; missing when the event is not about a payment. */
  conomyId?: string;
  externalId?: string;
  /** As sent, with `PENDING` read as `CREATED`. */
  status?: string;
  totalAmount?: string;
  currency?: string;
  /** The whole verified payload. */
  raw: Record<string, unknown>;
}

const maybeText = z.string().min(1).optional().catch(undefined);

const transactionSchema = z.object({
  id: maybeText,
  _id: maybeText,
  externalId: maybeText,
  status: maybeText.transform((status) => (status === undefined ? undefined : readStatus(status))),
  totalAmount: z
    .union([z.string().min(1), z.number().transform(String)])
    .optional()
    .catch(undefined),
  currency: maybeText,
});

/**
 * Reads a verified payload: `{event, data: {transaction}}` (newest) or `{eventType, transaction}` (older).
 * Never throws: what is missing or of a wrong type is left out, and the delivery is kept by its `raw`.
 */
export function readDelivery(payload: Record<string, unknown>): ObservedDelivery {
  const event = [payload.event, payload.eventType].find((name) => typeof name === 'string' && name !== '');
  const data = isJsonObject(payload.data) ? payload.data : {};
  const parsed = transactionSchema.safeParse(data.transaction ?? payload.transaction);
  const delivery: ObservedDelivery = { event: typeof event === 'string' ? event : 'unnamed', raw: payload };
  if (!parsed.success) return delivery;
  const { id, _id, ...fields } = parsed.data;
  const told = Object.entries({ conomyId: id ?? _id, ...fields }).filter(([, value]) => value !== undefined);
  return Object.assign(delivery, Object.fromEntries(told));
}
