import type {
  CallOptions,
  ObservedAccount,
  ObservedPayment,
  PaymentPage,
  PaymentProvider,
  ProviderResult,
} from '../payment-provider.ts';
import { type AnsweredExchange, readAnswerTime } from './answer-failure.ts';
import { type Call, type ConomyClientOptions, createCaller, LIST_BYTES_MAX } from './caller.ts';
import { type DepositCalls, depositCalls } from './deposits.ts';
import { discoveryCalls } from './discovery.ts';
import { faultOfNew } from './fault-of-new.ts';
import { isJsonObject } from './json.ts';
import { refundCalls } from './refunds.ts';
import { findAccount, nextOffsetOf, parseAccount, parseList, parsePayment } from './schema.ts';
import { listQuery, resolveUrl, segment } from './urls.ts';

/** What people and their tools ask beside what the services decide from. */
interface ConomyExtras extends DepositCalls {
  /** By Conomy's internal id; null when there is none. */
  readAccountById(id: string, options?: CallOptions): Promise<ProviderResult<ObservedAccount | null>>;
  /** Waits for the calls under way, then closes every connection. */
  close(): Promise<void>;
}

export type ConomyClient = PaymentProvider & ConomyExtras;

/** A Conomy client that sends each call once; see {@link PaymentProvider} for what its results promise. */
export function createConomyClient(options: ConomyClientOptions): ConomyClient {
  const caller = createCaller(options);
  const { apiUrl, call } = caller;

  function callPayment(id: string, request: Call, callOptions?: CallOptions) {
    const parse = (json: unknown) => paymentWithId(json, id);
    return call<ObservedPayment>({ payment: () => id, ...request }, parse, 'not_this_payment', callOptions);
  }

  function createFrom(path: string, body: string, callOptions?: CallOptions) {
    const request: Call = { method: 'POST', url: apiUrl(path), body, payment: () => externalIdOf(body) };
    return call(request, parsePayment, faultOfNew('not_a_payment'), callOptions);
  }

  function readList(url: URL, offset: number, callOptions?: CallOptions) {
    const request: Call = { method: 'GET', url, answerBytesMax: LIST_BYTES_MAX };
    return call(request, (json, headers) => readPage(json, headers, offset), 'not_a_list', callOptions);
  }

  /** `find`: null when the answer holds accounts and not this one, undefined when it holds none at all. */
  async function callAccount(
    url: URL,
    find: (json: unknown) => ObservedAccount | null | undefined,
    callOptions?: CallOptions,
  ): Promise<ProviderResult<ObservedAccount | null>> {
    const parse = (json: unknown) => {
      const account = find(json);
      return account === undefined ? null : { account };
    };
    const request: Call = { method: 'GET', url, answerBytesMax: LIST_BYTES_MAX };
    const result = await call(request, parse, 'not_an_account', callOptions);
    if (result.ok) return { ok: true, value: result.value.account };
    const absent = result.failure.stage === 'answered' && result.failure.httpStatus === 404;
    return absent ? { ok: true, value: null } : result;
  }

  return {
    createPayment(body, callOptions) {
      return createFrom('/payments', body, callOptions);
    },
    authorizePayment(id, callOptions) {
      const url = apiUrl(`/payments/${segment(id)}/authorized`);
      return callPayment(id, { method: 'POST', url }, callOptions);
    },
    capturePayment(id, callOptions) {
      const url = apiUrl(`/payments/${segment(id)}/captured`);
      return callPayment(id, { method: 'POST', url, body: '{}' }, callOptions);
    },
    async submitDocument(id, document, callOptions) {
      const url = apiUrl(`/payments/${segment(id)}/documents`);
      const request: Call = { method: 'POST', url, body: JSON.stringify(document), payment: () => id };
      const taken = (json: unknown) => (isDocumentOf(json, id) ? json : null);
      const result = await call(request, taken, 'not_a_document', callOptions);
      return result.ok ? { ok: true, value: null } : result;
    },
    readPayment(id, callOptions) {
      return callPayment(id, { method: 'GET', url: apiUrl(`/payments/${segment(id)}`) }, callOptions);
    },
    listPayments(filter, { limit, offset }, callOptions) {
      return readList(apiUrl('/payments', listQuery(filter, { limit, offset })), offset, callOptions);
    },
    createAttempt(body, callOptions) {
      return createFrom('/payment-attempts', body, callOptions);
    },
    readAttempt(id, callOptions) {
      const url = apiUrl(`/payment-attempts/${segment(id)}`);
      return callPayment(id, { method: 'GET', url }, callOptions);
    },
    listAttempts(filter, { limit, next }, callOptions) {
      return readList(apiUrl('/payment-attempts', listQuery(filter, { limit, next })), next, callOptions);
    },
    ...refundCalls(caller),
    ...discoveryCalls(caller),
    ...depositCalls(caller, options.clientId, callPayment),
    readAccount(accountNumber, callOptions) {
      const url = apiUrl('/accounts', new URLSearchParams({ accountNumber }).toString());
      return callAccount(url, (json) => findAccount(json, accountNumber), callOptions);
    },
    readAccountById(id, callOptions) {
      const parse = (json: unknown) => parseAccount(json) ?? undefined;
      return callAccount(apiUrl(`/accounts/${segment(id)}`), parse, callOptions);
    },
    async simulateReceived(id, callOptions) {
      if (options.sandboxWebhookUrl === undefined) {
        return { ok: false, failure: { stage: 'not_sent', reason: 'sandbox_webhook_url_not_configured' } };
      }
      const url = resolveUrl(options.sandboxWebhookUrl, '/payments/received/payment-provider');
      const request: Call = { method: 'POST', url, body: JSON.stringify({ id }) };
      const taken = (json: unknown) => (isJsonObject(json) && json.ok !== false ? json : null);
      const result = await call(request, taken, 'not_taken', callOptions);
      return result.ok ? { ok: true, value: undefined } : result;
    },
    close: () => caller.close(),
  };
}

/** The name that a create gives its payment; bodies are accepted only with one. */
function externalIdOf(body: string): string {
  return String((JSON.parse(body) as { externalId?: unknown }).externalId);
}

/** An answer about another payment than the one asked for must not be taken for it. */
function paymentWithId(json: unknown, id: string): ObservedPayment | null {
  const payment = parsePayment(json);
  return payment?.id === id ? payment : null;
}

/** Both documented answers name the payment, and in one of them `id` and `status` are the document's (dossier §13). */
function isDocumentOf(json: unknown, id: string): boolean {
  return isJsonObject(json) && (json.paymentId === undefined || json.paymentId === id);
}

/** One page of a list, with what the answer says of its own time. */
export function readPage(
  json: unknown,
  headers: AnsweredExchange['headers'],
  offset: number,
): PaymentPage | null {
  const list = parseList(json);
  if (!list) return null;
  const { rows, ...told } = list;
  const payments = rows.map(parsePayment).filter((payment) => payment !== null);
  const unreadableRows = rows.length - payments.length;
  return {
    payments,
    unreadableRows,
    nextOffset: nextOffsetOf(list, offset),
    ...told,
    ...readAnswerTime(headers),
  };
}
