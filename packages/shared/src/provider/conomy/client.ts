import { Pool } from 'undici';
import type {
  CallOptions,
  ObservedAccount,
  ObservedPayment,
  PaymentFilter,
  PaymentProvider,
  ProviderResult,
} from '../payment-provider.ts';
import { type AnsweredExchange, failureOfAnswer, failureOfContent } from './answer-failure.ts';
import { startDeadline } from './deadline.ts';
import { type Exchange, exchange, type WireRequest } from './exchange.ts';
import { isJsonObject, parseJsonBytes } from './json.ts';
import { findAccount, nextOffsetOf, parseList, parsePayment, parseToken } from './schema.ts';
import { createTokenSource, type FetchToken } from './token.ts';

export interface ConomyClientOptions {
  /** API base, e.g. `https://api.conomyhq.com/sandbox`. */
  baseUrl: string;
  /** Base of the sandbox's simulation calls, a sibling of `baseUrl`; without it they are not sent. */
  sandboxWebhookUrl?: string;
  apiKey: string;
  clientId: string;
  clientSecret: string;
  /** Value of `conomyhq-api-version`, e.g. `24-04-2025`. */
  apiVersion: string;
  userAgent: string;
  /** TCP and TLS together. Default 2000; the timer behind it may be late by half a second. */
  connectTimeoutMs?: number;
  /** One call from its start to the last byte of its answer, waiting for a token or a connection included. Default 10000. */
  callTimeoutMs?: number;
  /** Connections per origin; a call beyond them waits for one. Default 64. */
  connections?: number;
  /** Wall clock in epoch milliseconds, for the token's life and `Retry-After` dates. Default `Date.now`. */
  clock?: { now(): number };
}

export type ConomyClient = PaymentProvider & {
  /** Waits for the calls under way, then closes every connection. */
  close(): Promise<void>;
};

interface Call {
  method: 'GET' | 'POST';
  url: URL;
  body?: string;
  answerBytesMax?: number;
}

const MIB = 1_048_576;
const LIST_BYTES_MAX = 8 * MIB;

/** A Conomy client that sends each call once; see {@link PaymentProvider} for what its results promise. */
export function createConomyClient(options: ConomyClientOptions): ConomyClient {
  const { connectTimeoutMs = 2_000, callTimeoutMs = 10_000, connections = 64, clock = Date } = options;
  const pools = new Map<string, Pool>();

  function poolOf(origin: string): Pool {
    const existing = pools.get(origin);
    if (existing) return existing;
    const pool = new Pool(origin, {
      connections,
      // One request at a time per connection: a failure is then the failure of exactly one call.
      pipelining: 1,
      // HTTP/2 may refuse or replay streams by rules of its own, which the stage of a failure cannot see.
      allowH2: false,
      connect: { timeout: connectTimeoutMs },
      headersTimeout: callTimeoutMs,
      bodyTimeout: callTimeoutMs,
    });
    pools.set(origin, pool);
    return pool;
  }

  function wireRequest({ method, url, body, answerBytesMax = MIB }: Call, token?: string): WireRequest {
    return {
      method,
      path: url.pathname + url.search,
      headers: {
        'x-api-key': options.apiKey,
        'User-Agent': options.userAgent,
        'conomyhq-api-version': options.apiVersion,
        Accept: 'application/json',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body,
      answerBytesMax,
    };
  }

  // A base URL that cannot be used stops the start, not the first payment.
  poolOf(new URL(options.baseUrl).origin);
  const apiUrl = (path: string) => resolveUrl(options.baseUrl, path);

  const fetchToken: FetchToken = async () => {
    const url = apiUrl('/auth');
    const body = JSON.stringify({ clientId: options.clientId, clientSecret: options.clientSecret });
    const request = wireRequest({ method: 'POST', url, body });
    const answer = await exchange(poolOf(url.origin), request, startDeadline(callTimeoutMs));
    const result = readAnswer(answer, clock.now(), parseToken, 'no_token');
    if (result.ok) return { ok: true, ...result.value };
    const { httpStatus = 0, reason, detail } = result.failure;
    // Our /auth request has one form only, so a refusal of any kind is a refusal of what is configured.
    const refused = result.failure.stage === 'answered' && [400, 401, 403].includes(httpStatus);
    return {
      ok: false,
      failure: {
        ...result.failure,
        stage: 'not_sent',
        reason: refused ? 'credentials_refused' : 'token_unavailable',
        detail: `POST /auth: ${detail ?? reason}`,
      },
    };
  };

  const tokens = createTokenSource(fetchToken, clock);

  /** Sends a call, and once more with a new token after a 401: that is a clear answer without effect. */
  async function send(call: Call, callOptions?: CallOptions): Promise<Exchange> {
    const deadline = startDeadline(callTimeoutMs, callOptions?.signal);
    const pool = poolOf(call.url.origin);
    const current = await tokens.current(deadline.signal);
    if (!current.ok) return { complete: false, failure: current.failure };
    const first = await exchange(pool, wireRequest(call, current.token.value), deadline);
    if (!first.complete || first.status !== 401) return first;
    const renewed = await tokens.renewed(current.token, deadline.signal);
    if (!renewed.ok) return { complete: false, failure: renewed.failure };
    return exchange(pool, wireRequest(call, renewed.token.value), deadline);
  }

  async function call<T>(
    request: Call,
    parse: (json: unknown) => T | null,
    contentFault: string,
    callOptions?: CallOptions,
  ): Promise<ProviderResult<T>> {
    return readAnswer(await send(request, callOptions), clock.now(), parse, contentFault);
  }

  function callPayment(id: string, request: Call, callOptions?: CallOptions) {
    const parse = (json: unknown) => paymentWithId(json, id);
    return call<ObservedPayment>(request, parse, 'not_this_payment', callOptions);
  }

  return {
    createPayment(body, callOptions) {
      return call(
        { method: 'POST', url: apiUrl('/payments'), body },
        parsePayment,
        'not_a_payment',
        callOptions,
      );
    },
    authorizePayment(id, callOptions) {
      const url = apiUrl(`/payments/${segment(id)}/authorized`);
      return callPayment(id, { method: 'POST', url }, callOptions);
    },
    capturePayment(id, callOptions) {
      const url = apiUrl(`/payments/${segment(id)}/captured`);
      return callPayment(id, { method: 'POST', url, body: '{}' }, callOptions);
    },
    readPayment(id, callOptions) {
      return callPayment(id, { method: 'GET', url: apiUrl(`/payments/${segment(id)}`) }, callOptions);
    },
    listPayments(filter, page, callOptions) {
      const url = apiUrl('/payments');
      url.search = listQuery(filter, page).toString();
      const request: Call = { method: 'GET', url, answerBytesMax: LIST_BYTES_MAX };
      return call(request, (json) => readPage(json, page.offset), 'not_a_list', callOptions);
    },
    async readAccount(accountNumber, callOptions): Promise<ProviderResult<ObservedAccount | null>> {
      const url = apiUrl('/accounts');
      url.search = new URLSearchParams({ accountNumber }).toString();
      const request: Call = { method: 'GET', url, answerBytesMax: LIST_BYTES_MAX };
      const parse = (json: unknown) => {
        const account = findAccount(json, accountNumber);
        return account === undefined ? null : { account };
      };
      const result = await call(request, parse, 'not_an_account', callOptions);
      if (result.ok) return { ok: true, value: result.value.account };
      const absent = result.failure.stage === 'answered' && result.failure.httpStatus === 404;
      return absent ? { ok: true, value: null } : result;
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
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

function readAnswer<T>(
  answer: Exchange,
  nowMs: number,
  parse: (json: unknown) => T | null,
  contentFault: string,
): ProviderResult<T> {
  if (!answer.complete) return { ok: false, failure: answer.failure };
  if (!isSuccess(answer)) return { ok: false, failure: failureOfAnswer(answer, nowMs) };
  const value = parse(parseJsonBytes(answer.body));
  return value === null
    ? { ok: false, failure: failureOfContent(answer, contentFault) }
    : { ok: true, value };
}

function isSuccess({ status }: AnsweredExchange): boolean {
  return status >= 200 && status < 300;
}

/** An answer about another payment than the one asked for must not be taken for it. */
function paymentWithId(json: unknown, id: string): ObservedPayment | null {
  const payment = parsePayment(json);
  return payment?.id === id ? payment : null;
}

function readPage(json: unknown, offset: number) {
  const list = parseList(json);
  if (!list) return null;
  const payments = list.rows.map(parsePayment).filter((payment) => payment !== null);
  return {
    payments,
    unreadableRows: list.rows.length - payments.length,
    nextOffset: nextOffsetOf(list, offset),
    ...(list.total === undefined ? {} : { total: list.total }),
  };
}

function listQuery(filter: PaymentFilter, page: { limit: number; offset: number }): URLSearchParams {
  const { fromDay, toDay, ...same } = filter;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(same)) if (value !== undefined) query.set(name, value);
  if (fromDay) query.set('startDate', formatDay(fromDay));
  if (toDay) query.set('endDate', formatDay(toDay));
  query.set('limit', String(page.limit));
  query.set('offset', String(page.offset));
  return query;
}

/** `dd/mm/yyyy`, the UTC day. */
function formatDay(day: Date): string {
  const [year, month, date] = day.toISOString().slice(0, 10).split('-');
  return `${date}/${month}/${year}`;
}

function resolveUrl(base: string, path: string): URL {
  return new URL(base.replace(/\/+$/, '') + path);
}

/** Ids are opaque: whatever is in one stays inside its path segment, also `..`, which a URL would resolve. */
function segment(id: string): string {
  return /^\.{1,2}$/.test(id) ? id.replaceAll('.', '%252E') : encodeURIComponent(id.toWellFormed());
}
