import type { ProviderFailure } from '../payment-provider.ts';
import type { Exchange } from './exchange.ts';
import { parseJsonBytes } from './json.ts';
import { parseErrorBody } from './schema.ts';

/** An exchange that ended with a whole HTTP answer. */
export type AnsweredExchange = Extract<Exchange, { complete: true }>;

const RETRY_AFTER_MS_MAX = 3_600_000;

/**
 * What an HTTP answer other than a good 2xx means. Clear (`answered`) is a 4xx or 501 whose body is JSON.
 * Everything else may come from a gateway that gave up while the provider went on: any other 5xx, a
 * redirect, a body that is not JSON. 401 and 429 are the exception: they are given at the door, before the
 * request is looked at, often by a gateway with a body of its own, so their status alone is clear.
 */
export function failureOfAnswer(answer: AnsweredExchange, nowMs: number): ProviderFailure {
  const { status } = answer;
  const json = parseJsonBytes(answer.body);
  const retryAfterMs = readRetryAfterMs(answer.headers, nowMs);
  const facts = {
    httpStatus: status,
    ...parseErrorBody(json),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
  };
  const refusal = (status >= 400 && status < 500) || status === 501;
  if (!refusal) return { stage: 'no_clear_answer', reason: `http_${status}`, ...facts };
  if (json === undefined && status !== 401 && status !== 429) {
    return { stage: 'no_clear_answer', reason: 'not_json', ...facts };
  }
  return { stage: 'answered', reason: `http_${status}`, ...facts };
}

/** A 2xx whose content does not say what it should: the request was carried out or not, nobody knows. */
export function failureOfContent(
  answer: AnsweredExchange,
  fault: string | ((json: unknown) => string),
): ProviderFailure {
  const json = parseJsonBytes(answer.body);
  const reason = typeof fault === 'string' ? fault : fault(json);
  return {
    stage: 'no_clear_answer',
    reason: json === undefined ? 'not_json' : reason,
    httpStatus: answer.status,
  };
}

/**
 * How long the provider asks to wait: `Retry-After` (seconds or a date), else any `*RateLimit-Reset` header
 * (seconds from now, or an epoch). At most an hour; null when nothing usable is said.
 */
export function readRetryAfterMs(headers: AnsweredExchange['headers'], nowMs: number): number | null {
  const retryAfter = single(headers['retry-after']);
  const asked = retryAfter === undefined ? null : readDelayOrDate(retryAfter, nowMs);
  if (asked !== null) return clampDelay(asked);
  const resetName = Object.keys(headers).find((name) => /(^|-)ratelimit-reset$/i.test(name));
  const reset = resetName === undefined ? undefined : single(headers[resetName]);
  const untilReset = reset === undefined ? null : readDelayOrEpoch(reset, nowMs);
  return untilReset === null ? null : clampDelay(untilReset);
}

/** When the answer was made, by its own word, and whether a cache may have kept it since. */
export function readAnswerTime(headers: AnsweredExchange['headers']): { answeredAt?: Date; isAged: boolean } {
  const at = Date.parse(single(headers.date) ?? '');
  return { ...(Number.isNaN(at) ? {} : { answeredAt: new Date(at) }), isAged: headers.age !== undefined };
}

function readDelayOrDate(text: string, nowMs: number): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at - nowMs;
}

function readDelayOrEpoch(text: string, nowMs: number): number | null {
  if (!/^\d+(\.\d+)?$/.test(text)) return null;
  const seconds = Number(text);
  const oneYear = 31_536_000;
  return seconds > oneYear ? seconds * 1_000 - nowMs : seconds * 1_000;
}

function clampDelay(delayMs: number): number {
  return Math.round(Math.min(Math.max(delayMs, 0), RETRY_AFTER_MS_MAX));
}

function single(value: string | string[] | undefined): string | undefined {
  return (Array.isArray(value) ? value[0] : value)?.trim();
}
