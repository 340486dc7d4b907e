import { ConomyError } from '../errors.ts';
import { type ClockSettings, offsetMs } from '../zone.ts';
import type { OperationRequest } from './operation.ts';

type Query = OperationRequest['query'];

const DAY_MS = 24 * 3_600_000;
const LIMIT_DEFAULT = 50;
/** Stated for other lists of the provider, not for payments: a greater limit is answered with this many. */
const LIMIT_MAX = 500;

export interface Page {
  limit: number;
  offset: number;
}

/** `offsetName`: the parameter that says where the page begins; attempts call it `next`. */
export function readPage(query: Query, offsetName = 'offset'): Page {
  const limit = readWholeNumber(query, 'limit') ?? LIMIT_DEFAULT;
  if (limit < 1) throw new ConomyError('11', 'limit must be at least 1');
  return { limit: Math.min(limit, LIMIT_MAX), offset: readWholeNumber(query, offsetName) ?? 0 };
}

/** `pagination` of a list: `count` is the items shown so far, `next` and `previous` are offsets, 0 = none. */
export function pagination({ limit, offset }: Page, shown: number, total: number) {
  const count = offset + shown;
  return { count, next: count < total ? count : 0, previous: Math.max(0, offset - limit), total };
}

export interface TimeWindow {
  /** Inclusive. */
  fromMs: number;
  /** Exclusive. */
  toMs: number;
}

/** `startDate` and `endDate`, both inclusive days of the provider's zone, which no source states. */
export function readTimeWindow(query: Query, clock: ClockSettings): TimeWindow {
  const ahead = offsetMs(clock);
  return {
    fromMs: (readDay(query, 'startDate') ?? Number.NEGATIVE_INFINITY) - ahead,
    toMs: (readDay(query, 'endDate') ?? Number.POSITIVE_INFINITY) + DAY_MS - ahead,
  };
}

function readDay(query: Query, name: string): number | undefined {
  const text = given(query, name);
  if (text === undefined) return undefined;
  const [, day, month, year] = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(text) ?? [];
  const iso = `${year}-${month}-${day}`;
  const ms = Date.parse(`${iso}T00:00:00Z`);
  // The 31st of a shorter month parses as a day of the next one.
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== iso) {
    throw new ConomyError('11', `${name} "${text}" must be a day as dd/mm/yyyy`);
  }
  return ms;
}

function readWholeNumber(query: Query, name: string): number | undefined {
  const text = given(query, name);
  if (text === undefined) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new ConomyError('11', `${name} "${text}" must be a whole number`);
  return Number(text);
}

/** A parameter without text filters nothing. */
export function given(query: Query, name: string): string | undefined {
  return query[name] === '' ? undefined : query[name];
}
