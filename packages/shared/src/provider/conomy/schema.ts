import { z } from 'zod';
import { storableText } from '../../db/storable-text.ts';
import { isConomyId } from '../../domain/conomy-id.ts';
import { toUtcInstant } from '../../domain/instant.ts';
import { readStatus } from '../../domain/payment-status.ts';
import type { ObservedAccount, ObservedPayment, ProviderFailure } from '../payment-provider.ts';
import { isJsonObject } from './json.ts';

/**
 * Tolerant readers of Conomy's answers. Sure is only what a decision needs; every other field is taken when
 * it has a usable type and left out otherwise. What was received stays whole in `raw`.
 */
export const text = z.string().min(1);
export const maybeText = text.optional().catch(undefined);
/** Amounts and codes are documented as strings; a number is accepted. */
export const maybeTextOrNumber = z
  .union([text, z.number().transform(String)])
  .optional()
  .catch(undefined);

/** One more than a name of ours may have: cut so, a longer one still equals none of ours. */
const NAME_LENGTH_MAX = 201;
const STATUS_LENGTH_MAX = 64;

/** A text as it is compared and goes into columns and their indexes; the whole of it stays in `raw`. */
export function keptText(told: string, lengthMax: number): string {
  return storableText(told).slice(0, lengthMax).toWellFormed();
}

/** An id that cannot be kept or asked for names nothing. */
export const maybeId = text.refine(isConomyId).optional().catch(undefined);
export const maybeName = text
  .transform((name) => keptText(name, NAME_LENGTH_MAX))
  .optional()
  .catch(undefined);
export const statusText = text.transform((status) => readStatus(keptText(status, STATUS_LENGTH_MAX)));

const paymentSchema = z.object({
  id: maybeText,
  _id: maybeText,
  paymentId: maybeText,
  status: statusText,
  externalId: maybeName,
  type: maybeText,
  accountNumber: maybeText,
  identityId: maybeText,
  totalAmount: maybeTextOrNumber,
  currency: maybeText,
  purchaseAmount: maybeTextOrNumber,
  purchaseCurrency: maybeText,
  createdAt: text.refine(isInstant).optional().catch(undefined),
  parentPaymentId: maybeId,
});

const accountSchema = z.object({
  accountNumber: text,
  availableFunds: maybeTextOrNumber,
  currency: maybeText,
  status: maybeText,
});

const tokenSchema = z.object({
  // The token becomes a header value: anything but visible ASCII could never be sent.
  accessToken: z.string().regex(/^[\x21-\x7e]+$/),
  expiresIn: z.coerce.number().positive().optional().catch(undefined),
});

/** Beyond it an answer is garbled, and names nothing at all. */
const TOLD_ID_LENGTH_MAX = 200;

/** Of an answer that holds a payment with an id of which nothing can be asked: that id; else null. */
export function findUnusableId(json: unknown): string | null {
  const parsed = paymentSchema.safeParse(json);
  const { id, _id, paymentId } = parsed.data ?? {};
  const told = id ?? _id ?? paymentId;
  if (told === undefined || isConomyId(told)) return null;
  return keptText(told, TOLD_ID_LENGTH_MAX) === told ? told : null;
}

/** Null when the answer holds no payment: no usable id (`id`; `_id` in older data, `paymentId` in reviews) or no status. */
export function parsePayment(json: unknown): ObservedPayment | null {
  const parsed = paymentSchema.safeParse(json);
  if (!parsed.success || !isJsonObject(json)) return null;
  const { id, _id, paymentId, status, ...rest } = parsed.data;
  const known = id ?? _id ?? paymentId;
  if (known === undefined || !isConomyId(known)) return null;
  return { id: known, status, ...withoutUndefined(rest), raw: json };
}

/** The rows of a list answer in any documented envelope, and the total where one is given. */
export interface ListAnswer {
  rows: unknown[];
  total?: number;
  /** The answer has a `pagination` or a total. */
  isPaginated: boolean;
  /** How many rows its `summary` counts. */
  summaryRows?: number;
}

/**
 * Reads a list in any of Conomy's envelopes; null when there is no list in the answer.
 *
 * | envelope | documented for |
 * | --- | --- |
 * | `{pagination:{count,next,previous,total} or {limit,offset,total}, results:[]}` | payments, refunds |
 * | `{pagination:{pagination:{…}, results:[]}}` | accounts |
 * | `{data:[], pagination:{…}}` | payment attempts |
 * | `{total, refunds:[]}`, `{total, payments:[]}`, `{count, customers:[]}` | repository forms |
 * | `[]` | accounts, as the provider's own client reads them |
 */
export function parseList(json: unknown): ListAnswer | null {
  if (Array.isArray(json)) return { rows: json, isPaginated: false };
  if (!isJsonObject(json)) return null;
  const pagination = isJsonObject(json.pagination) ? json.pagination : {};
  const inner = isJsonObject(pagination.pagination) ? pagination.pagination : {};
  const lists = [json.results, json.data, json.payments, json.refunds, json.customers, pagination.results];
  const arrays = lists.filter((list) => Array.isArray(list));
  const rows = arrays.find((list) => list.length > 0) ?? arrays[0];
  if (!rows) return null;
  const total = readCount(pagination.total) ?? readCount(inner.total) ?? readCount(json.total);
  const isPaginated = json.pagination !== undefined || total !== undefined;
  return { rows, isPaginated, ...withoutUndefined({ total, summaryRows: countSummary(json.summary) }) };
}

/** Refunds below their parent come with how many there are in each state; undefined when none of them is told. */
function countSummary(summary: unknown): number | undefined {
  if (!isJsonObject(summary)) return undefined;
  const { completedCount, inProgressCount, failedCount } = summary;
  const counts = [completedCount, inProgressCount, failedCount].map(readCount);
  const told = counts.filter((count) => count !== undefined);
  return told.length === 0 ? undefined : told.reduce((sum, count) => sum + count, 0);
}

/**
 * Offset of the following page, null at the end: an empty page, or as many rows seen as there are. The
 * `next` field is not trusted (`0` may mean "none"), and neither is a total of 0 beside rows.
 */
export function nextOffsetOf(
  { rows, total }: Pick<ListAnswer, 'rows' | 'total'>,
  offset: number,
): number | null {
  if (rows.length === 0) return null;
  const seen = offset + rows.length;
  return total !== undefined && total > 0 && seen >= total ? null : seen;
}

/**
 * Finds one account in an answer that is the bare account, a page or an array. `null` means the answer is
 * readable and the account is not in it; undefined that the answer holds no accounts at all.
 */
export function findAccount(json: unknown, accountNumber: string): ObservedAccount | null | undefined {
  const list = parseList(json);
  const rows = list ? list.rows : accountSchema.safeParse(json).success ? [json] : undefined;
  if (!rows) return undefined;
  return rows.map(parseAccount).find((account) => account?.accountNumber === accountNumber) ?? null;
}

/** Null when the answer is no account with a number. */
export function parseAccount(json: unknown): ObservedAccount | null {
  const parsed = accountSchema.safeParse(json);
  if (!parsed.success || !isJsonObject(json)) return null;
  const { accountNumber, ...rest } = parsed.data;
  return { accountNumber, ...withoutUndefined(rest), raw: json };
}

/** `expiresInSeconds` is undefined when the answer does not say it usably; null when there is no token. */
export function parseToken(json: unknown): { accessToken: string; expiresInSeconds?: number } | null {
  const parsed = tokenSchema.safeParse(json);
  if (!parsed.success) return null;
  const { accessToken, expiresIn } = parsed.data;
  return expiresIn === undefined ? { accessToken } : { accessToken, expiresInSeconds: expiresIn };
}

type ErrorFacts = Pick<ProviderFailure, 'code' | 'type' | 'detail' | 'traceId'>;

const errorSchema = z.object({
  code: maybeTextOrNumber,
  type: maybeText,
  detail: maybeText,
  traceId: maybeText,
  message: maybeText,
  error: z
    .union([text, z.object({ type: maybeText, info: maybeText })])
    .optional()
    .catch(undefined),
});

const DETAIL_LENGTH_MAX = 500;

/**
 * What an error body says, in any of its three documented forms: `{status, code, type, detail, traceId}`,
 * the older `{statusCode, error, message}` and `{error: {type, info}, message}`. Empty for anything else.
 */
export function parseErrorBody(json: unknown): ErrorFacts {
  const parsed = errorSchema.safeParse(json);
  if (!parsed.success) return {};
  const { code, type, detail, traceId, message, error } = parsed.data;
  const nested = typeof error === 'object' ? error : undefined;
  const told = detail ?? message ?? nested?.info ?? (typeof error === 'string' ? error : undefined);
  return withoutUndefined({
    // A code sent as a number lost its leading zero: 1 is "01".
    code: code?.padStart(2, '0'),
    type: type ?? nested?.type,
    detail: told?.slice(0, DETAIL_LENGTH_MAX),
    traceId,
  });
}

function readCount(value: unknown): number | undefined {
  const count = typeof value === 'string' && /^\d+(\.0*)?$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

/** ISO 8601 with an offset. The zero time `0001-01-01T00:00:00Z` is how the provider writes "not set". */
function isInstant(value: string): boolean {
  return !value.startsWith('0001-') && toUtcInstant(value) !== null;
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined, so that `in` and spreading see only what was told. */
export function withoutUndefined<T extends Record<string, unknown>>(fields: T): Present<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<T>;
}
