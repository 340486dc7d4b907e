import { z } from 'zod';
import type { CallOptions, ObservedPayment, ProviderResult } from '../payment-provider.ts';
import { type Call, type Caller, LIST_BYTES_MAX } from './caller.ts';
import { isJsonObject } from './json.ts';
import { maybeText, maybeTextOrNumber, nextOffsetOf, parseList, text, withoutUndefined } from './schema.ts';
import { segment } from './urls.ts';

/** A deposit that arrived and belongs to no account yet. */
export interface UnassignedDeposit {
  /** Id of its payment, to assign it by. */
  id: string;
  amount?: string;
  currency?: string;
  receivedAt?: string;
  /** When the provider gives it back. */
  expiresAt?: string;
  raw: Record<string, unknown>;
}

export interface UnassignedPage {
  deposits: UnassignedDeposit[];
  unreadableRows: number;
  nextOffset: number | null;
  total?: number;
}

export interface UnassignedFilter {
  expiresWithin?: '6h' | '24h' | '48h';
  amountMin?: string;
  amountMax?: string;
  search?: string;
}

/** What lies unassigned altogether. */
export interface UnassignedFunds {
  totalAmount: string;
  currency: string;
  count: number;
  raw: Record<string, unknown>;
}

/**
 * Deposits that a payer pushed to a static code. Assigning one moves money and has no key: after an unclear answer
 * read the payment before assigning again; one that is `SETTLED` was assigned.
 */
export interface DepositCalls {
  listUnassigned(
    filter: UnassignedFilter,
    page: { limit: number; offset: number },
    options?: CallOptions,
  ): Promise<ProviderResult<UnassignedPage>>;
  readUnassignedFunds(options?: CallOptions): Promise<ProviderResult<UnassignedFunds>>;
  /** `expectedAmount` other than what arrived gives a companion payment, named in `raw.relatedPaymentId`. */
  assignPayment(
    id: string,
    to: { accountId: string; expectedAmount?: string },
    options?: CallOptions,
  ): Promise<ProviderResult<ObservedPayment>>;
  /** The customer a deposit was matched with, null when it was with none. */
  readCustomerOf(
    id: string,
    options?: CallOptions,
  ): Promise<ProviderResult<{ customer: Record<string, unknown> | null }>>;
}

const depositSchema = z.object({
  paymentId: maybeText,
  id: maybeText,
  amount: maybeTextOrNumber,
  currency: maybeText,
  receivedAt: maybeText,
  expiresAt: maybeText,
});

const fundsSchema = z.object({
  totalAmount: text,
  currency: text,
  count: z.coerce.number().int().nonnegative(),
});

export function depositCalls(
  { apiUrl, call }: Caller,
  clientId: string,
  callPayment: (id: string, request: Call, options?: CallOptions) => Promise<ProviderResult<ObservedPayment>>,
): DepositCalls {
  return {
    listUnassigned(filter, { limit, offset }, options) {
      const query = new URLSearchParams({ clientId, ...withoutUndefined({ ...filter }) });
      query.set('limit', String(limit));
      query.set('offset', String(offset));
      const url = apiUrl('/payments/unassigned', query.toString());
      const request = { method: 'GET', url, answerBytesMax: LIST_BYTES_MAX } as const;
      return call(request, (json) => parseUnassigned(json, offset), 'not_a_list', options);
    },
    readUnassignedFunds(options) {
      const url = apiUrl('/accounts/unassigned', new URLSearchParams({ clientId }).toString());
      return call({ method: 'GET', url }, parseUnassignedFunds, 'not_funds', options);
    },
    assignPayment(id, to, options) {
      const url = apiUrl(`/payments/${segment(id)}/assign`);
      return callPayment(id, { method: 'POST', url, body: JSON.stringify(to) }, options);
    },
    readCustomerOf(id, options) {
      const url = apiUrl(`/payments/${segment(id)}/customer`);
      return call({ method: 'GET', url }, (json) => parseCustomer(json, id), 'not_a_customer', options);
    },
  };
}

export function parseUnassigned(json: unknown, offset: number): UnassignedPage | null {
  const list = parseList(json);
  if (!list) return null;
  const deposits = list.rows.flatMap((row) => parseDeposit(row) ?? []);
  const page = {
    deposits,
    unreadableRows: list.rows.length - deposits.length,
    nextOffset: nextOffsetOf(list, offset),
  };
  return list.total === undefined ? page : { ...page, total: list.total };
}

function parseDeposit(row: unknown): UnassignedDeposit | null {
  const parsed = depositSchema.safeParse(row);
  if (!parsed.success || !isJsonObject(row)) return null;
  const { paymentId, id = paymentId, ...told } = parsed.data;
  return id === undefined ? null : { id, ...withoutUndefined(told), raw: row };
}

export function parseUnassignedFunds(json: unknown): UnassignedFunds | null {
  const parsed = fundsSchema.safeParse(json);
  return parsed.success && isJsonObject(json) ? { ...parsed.data, raw: json } : null;
}

function parseCustomer(json: unknown, id: string): { customer: Record<string, unknown> | null } | null {
  if (!isJsonObject(json) || json.paymentId !== id || typeof json.attached !== 'boolean') return null;
  return { customer: json.attached && isJsonObject(json.customer) ? json.customer : null };
}
