import type {
  CallOptions,
  ObservedPayment,
  PaymentProvider,
  ProviderFailure,
  ProviderResult,
  RefundList,
} from '../payment-provider.ts';
import { type Caller, LIST_BYTES_MAX } from './caller.ts';
import { isJsonObject } from './json.ts';
import { nextOffsetOf, parseList, parsePayment } from './schema.ts';
import { segment } from './urls.ts';

const PAGE_ROWS = 50;
/** Far beyond the refunds of one payment: a longer list shows that the provider does not know the filter. */
const PAGES_MAX = 100;
const TOO_LONG = 'list_too_long';

/**
 * Refunds. A refund is created in one spelling only: trying the other after an answer that may be wrong could
 * refund twice. Reading is harmless, so it goes on to the second spelling where the first does not exist.
 */
export function refundCalls({
  apiUrl,
  call,
}: Caller): Pick<PaymentProvider, 'refundPayment' | 'listRefundsOf'> {
  async function listFiltered(parentId: string, options?: CallOptions): Promise<ProviderResult<RefundList>> {
    const found = new Map<string, ObservedPayment>();
    let unreadableRows = 0;
    let offset: number | null = 0;
    for (let page = 0; offset !== null; page += 1) {
      if (page === PAGES_MAX) return tooLong;
      const from: number = offset;
      const url = apiUrl('/refunds', refundQuery(parentId, from));
      const answer = await call(
        { method: 'GET', url, answerBytesMax: LIST_BYTES_MAX },
        (json) => readRefundPage(json, from),
        'not_a_list',
        options,
      );
      if (!answer.ok) return answer;
      const { rows, unreadable, nextOffset } = answer.value;
      // Rows come twice when offsets shift under the scan, or from a provider that ignores the offset.
      const fresh = rows.filter(({ id }) => !found.has(id));
      for (const row of fresh) found.set(row.id, row);
      unreadableRows += unreadable;
      offset = fresh.length === 0 ? null : nextOffset;
    }
    const rows = [...found.values()];
    // A row that names no parent may be of this one or of any other.
    const orphans = rows.filter(({ parentPaymentId }) => parentPaymentId === undefined).length;
    const refunds = rows.filter(({ parentPaymentId }) => parentPaymentId === parentId);
    return { ok: true, value: { refunds, unreadableRows: unreadableRows + orphans } };
  }

  /** The whole list of one parent in one answer: its rows are of that parent whether or not they say so. */
  function listBelowParent(parentId: string, options?: CallOptions): Promise<ProviderResult<RefundList>> {
    const url = apiUrl(`/payments/${segment(parentId)}/refunds`);
    const parse = (json: unknown): RefundList | null => {
      const page = readRefundPage(json, 0);
      if (!page || !isAboutParent(json, parentId)) return null;
      const refunds = page.rows
        .map((row) => ({ parentPaymentId: parentId, ...row }))
        .filter((row) => row.parentPaymentId === parentId);
      return { refunds, unreadableRows: page.unreadable };
    };
    const request = { method: 'GET', url, answerBytesMax: LIST_BYTES_MAX } as const;
    return call(request, parse, 'not_a_list', options);
  }

  return {
    refundPayment(id, refund, options) {
      const request = {
        method: 'POST',
        url: apiUrl(`/payments/${segment(id)}/refund`),
        body: JSON.stringify(refund),
        payment: () => id,
      } as const;
      return call(request, (json) => parseNewRefund(json, id), 'not_a_refund', options);
    },
    async listRefundsOf(parentId, options) {
      const filtered = await listFiltered(parentId, options);
      return filtered.ok || !isNotOffered(filtered.failure) ? filtered : listBelowParent(parentId, options);
    },
  };
}

/** `{refundId, parentPaymentId, status, …}`; an answer that is the parent itself says nothing about the child. */
function parseNewRefund(json: unknown, parentId: string): ObservedPayment | null {
  if (!isJsonObject(json)) return null;
  const refund = parseRefund({ ...json, id: json.refundId ?? json.id, paymentId: undefined });
  if (!refund || refund.id === parentId) return null;
  if (refund.parentPaymentId !== undefined && refund.parentPaymentId !== parentId) return null;
  return { ...refund, parentPaymentId: parentId, raw: json };
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

function readRefundPage(json: unknown, offset: number) {
  const list = parseList(json);
  if (!list) return null;
  const rows = list.rows.map(parseRefund).filter((row) => row !== null);
  return { rows, unreadable: list.rows.length - rows.length, nextOffset: nextOffsetOf(list, offset) };
}

function isAboutParent(json: unknown, parentId: string): boolean {
  return !isJsonObject(json) || json.parentId === undefined || json.parentId === parentId;
}

/** Oldest first, so that rows inserted meanwhile come at the end and shift no offset. */
function refundQuery(parentPaymentId: string, offset: number): string {
  const query = { parentPaymentId, sort: 'createdAt:asc', limit: String(PAGE_ROWS), offset: String(offset) };
  return new URLSearchParams(query).toString();
}

/** Whether `GET /refunds` does not exist here, or not with a filter by parent. */
function isNotOffered({ stage, httpStatus, reason }: ProviderFailure): boolean {
  return reason === TOO_LONG || (stage === 'answered' && (httpStatus === 404 || httpStatus === 501));
}

const tooLong: ProviderResult<never> = {
  ok: false,
  failure: { stage: 'no_clear_answer', reason: TOO_LONG },
};
