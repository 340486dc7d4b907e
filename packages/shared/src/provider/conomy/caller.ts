import { Pool } from 'undici';
import type { CallOptions, ProviderResult } from '../payment-provider.ts';
import { type Traffic, UNREGULATED } from '../traffic.ts';
import { type AnsweredExchange, failureOfAnswer, failureOfContent } from './answer-failure.ts';
import { startDeadline } from './deadline.ts';
import { type Drift, findAnswerDrift, findErrorDrift } from './drift.ts';
import { type Exchange, exchange, type WireRequest } from './exchange.ts';
import { parseJsonBytes } from './json.ts';
import { parseToken } from './schema.ts';
import { createTokenSource, type FetchToken, privateVault, type TokenVault } from './token.ts';
import { resolveUrl } from './urls.ts';

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
  /** Where the token is shared with other processes. Default: it is this client's own. */
  tokenVault?: TokenVault;
  /** Regulates the calls of all processes together. Default: this client is alone. */
  traffic?: Traffic;
  /** Told where an answer leaves the documents. Default: nobody is. */
  onDrift?: (found: readonly Drift[]) => void;
}

export interface Call {
  method: 'GET' | 'POST';
  url: URL;
  body?: string;
  answerBytesMax?: number;
  /** Names the payment it is about. A POST without it is none of the API's writes. */
  payment?: () => string;
}

/** Makes authenticated calls and reads their answers; the operations of the client are built from it. */
export interface Caller {
  apiUrl(path: string, query?: string): URL;
  /**
   * @param parse the value in a 2xx answer, null when it does not hold what was asked for; gets its headers as well
   * @param contentFault the failure's reason for that, where need be by what the answer holds instead
   */
  call<T>(
    request: Call,
    parse: (json: unknown, headers: AnsweredExchange['headers']) => T | null,
    contentFault: string | ((json: unknown) => string),
    options?: CallOptions,
  ): Promise<ProviderResult<T>>;
  /** Waits for the calls under way, then closes every connection. */
  close(): Promise<void>;
}

const MIB = 1_048_576;

/** Those who share the token wait in the database for its renewal, which bounds every wait. */
const AUTH_MS_MAX = 10_000;

/** For answers that may hold many rows. */
export const LIST_BYTES_MAX = 8 * MIB;

/** Sends each call once; after a 401, which is a clear answer without effect, once more with a new token. */
export function createCaller(options: ConomyClientOptions): Caller {
  const { connectTimeoutMs = 2_000, callTimeoutMs = 10_000, connections = 64, clock = Date } = options;
  const { tokenVault = privateVault(), traffic = UNREGULATED } = options;
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
        'Accept-Encoding': 'identity',
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body,
      answerBytesMax,
    };
  }

  // A base URL that cannot be used stops the start, not the first payment.
  poolOf(new URL(options.baseUrl).origin);

  const apiUrl = (path: string, query = '') => {
    const url = resolveUrl(options.baseUrl, path);
    url.search = query;
    return url;
  };

  const fetchToken: FetchToken = async () => {
    const url = apiUrl('/auth');
    const body = JSON.stringify({ clientId: options.clientId, clientSecret: options.clientSecret });
    const request = wireRequest({ method: 'POST', url, body });
    const deadline = startDeadline(Math.min(callTimeoutMs, AUTH_MS_MAX));
    const answer = await exchange(poolOf(url.origin), request, deadline);
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

  const tokens = createTokenSource(fetchToken, clock, tokenVault);

  async function send(call: Call, callOptions?: CallOptions): Promise<Exchange> {
    const deadline = startDeadline(callTimeoutMs, callOptions);
    const pool = poolOf(call.url.origin);
    const current = await tokens.current(deadline.signal);
    if (!current.ok) return { complete: false, failure: current.failure };
    const first = await exchange(pool, wireRequest(call, current.token.value), deadline);
    if (!first.complete || first.status !== 401) return first;
    const renewed = await tokens.renewed(current.token, deadline.signal);
    if (!renewed.ok) return { complete: false, failure: renewed.failure };
    return exchange(pool, wireRequest(call, renewed.token.value), deadline);
  }

  return {
    apiUrl,
    async call(request, parse, contentFault, callOptions) {
      const kind = request.method === 'GET' ? 'read' : 'write';
      if (kind === 'read') {
        const refusal = await traffic.awaitReadTurn(
          callOptions?.signal ?? AbortSignal.timeout(callTimeoutMs),
        );
        if (refusal !== null) return { ok: false, failure: refusal };
      }
      const parseWatched: typeof parse = (json, headers) => {
        options.onDrift?.(findAnswerDrift(request.url.pathname, json));
        return parse(json, headers);
      };
      const result = readAnswer(await send(request, callOptions), clock.now(), parseWatched, contentFault);
      if (!result.ok) options.onDrift?.(findErrorDrift(result.failure.code));
      if (kind === 'read' || request.payment !== undefined) {
        const failure = result.ok ? null : result.failure;
        traffic.ended({ kind, payment: failure && (request.payment?.() ?? null) }, failure);
      }
      return result;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

function readAnswer<T>(
  answer: Exchange,
  nowMs: number,
  parse: (json: unknown, headers: AnsweredExchange['headers']) => T | null,
  contentFault: string | ((json: unknown) => string),
): ProviderResult<T> {
  if (!answer.complete) return { ok: false, failure: answer.failure };
  if (!isSuccess(answer)) return { ok: false, failure: failureOfAnswer(answer, nowMs) };
  const value = parse(parseJsonBytes(answer.body), answer.headers);
  return value === null
    ? { ok: false, failure: failureOfContent(answer, contentFault) }
    : { ok: true, value };
}

function isSuccess({ status }: AnsweredExchange): boolean {
  return status >= 200 && status < 300;
}
