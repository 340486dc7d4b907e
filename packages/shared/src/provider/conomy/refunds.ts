import {
  type CallOptions,
  isWholeList,
  type ObservedPayment,
  type PaymentPage,
  type PaymentProvider,
  type ProviderFailure,
  type ProviderResult,
  type RefundList,
} from '../payment-provider.ts';
import { type ListToWalk, type WalkedList, walkList } from '../walk-list.ts';
import { type AnsweredExchange, readAnswerTime } from './answer-failure.ts';
import { type Caller, LIST_BYTES_MAX } from './caller.ts';
import { faultOfNew } from './fault-of-new.ts';
import { isJsonObject } from './json.ts';
import { nextOffsetOf, parseList, parsePayment } from './schema.ts';
import { segment } from './urls.ts';

/** Far beyond the refunds of one payment: a longer list shows that the provider does not know the filter. */
const PAGES_MAX = 100;
const TOO_LONG = 'list_too_long';

/**
 * Refunds. A refund is created in one spelling only: trying the other after an answer that may be wrong could
 * refund twice. Reading is harmless, so it goes on to the second spelling where the first does not exist or does not tell
 * all of them, be it that rows do not say whose they are.
 */
export function refundCalls({
  apiUrl,
  call,
}: Caller): Pick<PaymentProvider, 'refundPayment' | 'listRefundsOf'> {
  function readPage(url: URL, parentId: string, offset: number, options?: CallOptions) {
    const request = { method: 'GET', url, answerBytesMax: LIST_BYTES_MAX } as const;
    return call(
      request,
      (json, headers) => readRefundPage(json, headers, parentId, offset),
      'not_a_list',
      options,
    );
  }

  function listFiltered(parentId: string, options?: CallOptions): Promise<ProviderResult<RefundList>> {
    return walkRefunds(parentId, ({ limit, offset }) =>
      readPage(apiUrl('/refunds', refundQuery(parentId, limit, offset)), parentId, offset, options),
    );
  }

  /** Documented as one answer without a query; a list that is longer than that says so by its `summary`. */
  function listBelowParent(parentId: string, options?: CallOptions): Promise<ProviderResult<RefundList>> {
    const query = (offset: number) => (offset === 0 ? '' : `offset=${offset}`);
    const path = `/payments/${segment(parentId)}/refunds`;
    return walkRefunds(parentId, ({ offset }) =>
      readPage(apiUrl(path, query(offset)), parentId, offset, options),
    );
  }

  return {
    refundPayment(id, refund, options) {
      const request = {
        method: 'POST',
        url: apiUrl(`/payments/${segment(id)}/refund`),
        body: JSON.stringify(refund),
        payment: () => id,
      } as const;
      return call(
        request,
        (json) => parseNewRefund(json, id),
        (json) => faultOfNew('not_a_refund')(asNewRefund(json)),
        options,
      );
    },
    async listRefundsOf(parentId, options) {
      const filtered = await listFiltered(parentId, options);
      if (filtered.ok ? isWholeList(filtered.value) : !isNotOffered(filtered.failure)) return filtered;
      const below = await listBelowParent(parentId, options);
      return filtered.ok && !below.ok && isNotOffered(below.failure) ? filtered : below;
    },
  };
}

async function walkRefunds(parentId: string, ask: ListToWalk['ask']): Promise<ProviderResult<RefundList>> {
  const refunds: ObservedPayment[] = [];
  let parentlessRows = 0;
  let pages = 0;
  const walked = await walkList({
    order: 'oldest_first',
    ask,
    async visit({ fresh }, stop) {
      for (const row of fresh) {
        // It may be of this payment or of any other.
        if (row.parentPaymentId === undefined) parentlessRows += 1;
        else if (row.parentPaymentId === parentId) refunds.push(row);
      }
      pages += 1;
      if (pages === PAGES_MAX) stop();
    },
  });
  const { end, place } = walked;
  if (end.kind === 'failed') return { ok: false, failure: end.failure };
  if (end.kind === 'stopped')
    return { ok: false, failure: { stage: 'no_clear_answer', reason: TOO_LONG, httpStatus: 200 } };
  const unreadableRows = place.unreadableRows + parentlessRows;
  const gap = end.kind === 'gap' ? { gap: end.gap.reason } : {};
  return { ok: true, value: { refunds, unreadableRows, ...gap, ...listedAt(walked) } };
}

/** A page that a cache may have kept says nothing of when it was read. */
function listedAt({ answeredAt, isAged }: WalkedList): Pick<RefundList, 'listedAt'> {
  return answeredAt === null || isAged ? {} : { listedAt: answeredAt };
}

/**
 * `{refundId, parentPaymentId, status, …}`; an answer that is the parent itself says nothing about the child. The parent
 * that it names may be another one, which whoever binds it looks at; one that it leaves out is the one asked for.
 */
function parseNewRefund(json: unknown, parentId: string): ObservedPayment | null {
  const refund = parseRefund(asNewRefund(json));
  if (!refund || refund.id === parentId) return null;
  return { parentPaymentId: parentId, ...refund, raw: json as Record<string, unknown> };
}

function asNewRefund(json: unknown): unknown {
  return isJsonObject(json) ? { ...json, id: json.refundId ?? json.id, paymentId: undefined } : json;
}

/** Rows of refund lists leave out what is clear there: their type, and one of two equal amounts. */
function parseRefund(json: unknown): ObservedPayment | null {
  const payment = parsePayment(json);
  if (!payment) return null;
  const { purchaseAmount, purchaseCurrency = payment.currency, currency } = payment;
  const isOneCurrency = purchaseCurrency === currency;
  return {
    type: 'REFUND',
    ...(purchaseAmount !== undefined && isOneCurrency ? { totalAmount: purchaseAmount } : {}),
    ...payment,
  };
}

/** Null for a list below another parent. The list's own `parentId` names the parent of rows that name none. */
function readRefundPage(
  json: unknown,
  headers: AnsweredExchange['headers'],
  parentId: string,
  offset: number,
): PaymentPage | null {
  const list = parseList(json);
  const ownParent = isJsonObject(json) && json.parentId !== undefined ? { parentPaymentId: parentId } : {};
  if (!list || (isJsonObject(json) && json.parentId !== undefined && json.parentId !== parentId)) return null;
  const { rows, ...told } = list;
  const payments = rows
    .map(parseRefund)
    .filter((row) => row !== null)
    .map((row) => ({ ...ownParent, ...row }));
  return {
    payments,
    unreadableRows: rows.length - payments.length,
    nextOffset: nextOffsetOf(list, offset),
    ...told,
    ...readAnswerTime(headers),
  };
}

/** Oldest first, so that rows inserted meanwhile come at the end and shift no offset. */
function refundQuery(parentPaymentId: string, limit: number, offset: number): string {
  const query = { parentPaymentId, sort: 'createdAt:asc', limit: String(limit), offset: String(offset) };
  return new URLSearchParams(query).toString();
}

/** Whether `GET /refunds` does not exist here, or not with a filter by parent. */
function isNotOffered({ stage, httpStatus, reason }: ProviderFailure): boolean {
  return reason === TOO_LONG || (stage === 'answered' && (httpStatus === 404 || httpStatus === 501));
}
