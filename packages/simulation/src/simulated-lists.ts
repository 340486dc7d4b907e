import { type Payment, paymentBody } from '@capstan/conomy-sandbox/payment';
import { refundRow } from '@capstan/conomy-sandbox/refunds';
import type { Sandbox } from '@capstan/conomy-sandbox/sandbox';
import { createRandom } from '@capstan/local-stack/demo/random';
import type { Impoliteness } from './impoliteness.ts';
import type { Origins } from './origins.ts';

type Body = Record<string, unknown>;

/** A row of a list: a payment of the sandbox, or one of those who share the account, which is nothing but a row. */
interface Row {
  id: string;
  createdAtMs: number;
  /** Made by a call of ours. */
  isOurs: boolean;
  body(): Body;
}

export interface ListQuery {
  accountNumber: string | undefined;
  type: string | undefined;
  fromDay: string | undefined;
  toDay: string | undefined;
  descending: boolean;
  limit: number;
  offset: number;
}

/** The lists of payments and payment attempts as the simulated provider tells them. */
export interface SimulatedLists {
  /** One page, in the envelope of the documents. */
  page(of: 'payments' | 'attempts', query: ListQuery): Body;
  /** The refunds that pass the query, over all parents or one. */
  refunds(query: Readonly<Record<string, string>>): Body;
  /** All refunds of one payment with their sums. */
  refundsBelow(parentId: string): Body;
  /** One of the rows that others made, as a read shows it. */
  findOther(id: string): Body | undefined;
  /** Whether a list of that payment's account shows it by now. */
  isListed(payment: Payment): boolean;
}

/** Below the span over which absence is established, which begins after the call's own deadline. */
const LATE_MS_MAX = 40_000;
const OTHERS_MAX = 2_000;
/** Rows that come in between two calls, from how many to how many: accounts differ. */
const PACES = [
  { min: 0, max: 5 },
  { min: 50, max: 60 },
  { min: 50, max: 100 },
  { min: 0, max: 200 },
];
const HOUR_MS = 3_600_000;
const LIMIT_MAX = 500;
const LACKABLE = ['externalId', 'accountNumber', 'type', 'totalAmount', 'purchaseAmount', 'createdAt'];

export function createSimulatedLists(parts: {
  sandbox: Sandbox;
  origins: Origins;
  mood: Impoliteness;
  zoneHours: number;
  seed: number;
  isHidden: (id: string) => boolean;
}): SimulatedLists {
  const { sandbox, origins, mood, zoneHours, seed, isHidden } = parts;
  const { random } = mood;
  const others = new Map<string, Row[]>();
  const byId = new Map<string, Row>();
  // A row moves behind a page, and a page holds nothing but known rows, only where pages are shorter than what comes in.
  const isShort = (['page_smaller', 'rows_move_pages', 'rows_inserted_above'] as const).some(mood.plays);
  const pageRowsMax = isShort ? random.pick([20, 50]) : LIMIT_MAX;
  // As many as a page holds: the next page then shows the rows of this one again.
  const pages = { min: pageRowsMax, max: pageRowsMax };
  const pace = isShort && random.whole(0, 1) === 0 ? pages : random.pick(PACES);
  const isBusy = (
    ['rows_inserted_above', 'rows_move_pages', 'total_lags', 'page_smaller', 'page_fails'] as const
  ).some(mood.plays);

  const insert = (lane: string, query: ListQuery, count: number, createdAtMs: () => number) => {
    const rows = others.get(lane) ?? [];
    for (let left = Math.min(count, OTHERS_MAX - rows.length); left > 0; left -= 1) {
      const row = otherRow(`${seed.toString(16)}others${byId.size}`, createdAtMs(), query);
      byId.set(row.id, row);
      rows.push(row);
    }
    others.set(lane, rows);
  };

  const othersOf = (lane: string, query: ListQuery): readonly Row[] => {
    if (query.accountNumber === undefined || !isBusy) return [];
    const now = sandbox.now();
    if (!others.has(lane)) insert(lane, query, random.whole(0, 150), () => now - random.whole(0, HOUR_MS));
    // Further down a list they come in less often, so that every walk comes to an end.
    if (mood.strikes('rows_inserted_above', query.offset < 150 ? 100 : 20))
      insert(lane, query, random.whole(pace.min, pace.max), () => now);
    return others.get(lane) ?? [];
  };

  const isListed = ({ id, createdAtMs }: Payment) => {
    if (isHidden(id)) return false;
    if (!mood.plays('rows_listed_late')) return true;
    const lot = createRandom(Number.parseInt(id.slice(-6), 16) + seed);
    const lateMs = lot.whole(0, 1) === 0 ? 0 : lot.whole(1_000, LATE_MS_MAX);
    if (sandbox.now() >= createdAtMs + lateMs) return true;
    mood.note('rows_listed_late');
    return false;
  };

  const rowsOf = (of: 'payments' | 'attempts', query: ListQuery): Row[] => {
    const shown = of === 'payments' ? sandbox.view.inOrder() : sandbox.view.attempts.inOrder();
    const ours = shown
      .filter((payment) => isWanted(origins.listedAs(payment), query) && isListed(payment))
      .map((payment) => ({
        id: payment.id,
        createdAtMs: payment.createdAtMs,
        isOurs: origins.isOurs(payment.id),
        body: () => paymentBody(payment),
      }));
    const lane = `${of} ${query.accountNumber} ${query.type}`;
    const [fromMs, toMs] = windowOf(query, zoneHours);
    const rows = [...ours, ...othersOf(lane, query)].filter(
      ({ createdAtMs }) => createdAtMs >= fromMs && createdAtMs < toMs,
    );
    if (zoneHours !== 0) mood.note('provider_day');
    rows.sort((a, b) => a.createdAtMs - b.createdAtMs);
    return query.descending ? rows.reverse() : rows;
  };

  /** A row of ours at this page is passed over: for this call it lies behind it. */
  const moved = (rows: readonly Row[], from: number, to: number): readonly Row[] => {
    const nth = rows.findIndex(({ isOurs }, index) => isOurs && index >= from && index < to);
    const [ours, behind] = [rows[nth], rows[to]];
    if (!ours || !behind || !mood.strikes('rows_move_pages', 70)) return rows;
    return rows.map((row, index) => (index === nth ? behind : index === to ? ours : row));
  };

  const childrenOf = (parentId: string) =>
    sandbox.view.childrenOf(parentId).filter((child) => child.type === 'REFUND' && isListed(child));

  const asRefundRow = (child: Payment): Body => {
    const { parentPaymentId, ...row } = paymentBody(child);
    if (!mood.plays('child_rows_without_parent')) return { ...row, parentPaymentId };
    mood.note('child_rows_without_parent');
    return row;
  };

  return {
    isListed,
    refunds: ({ parentPaymentId = '', limit = '50', offset = '0' }) => {
      const children = childrenOf(parentPaymentId);
      const from = Number(offset);
      const results = children.slice(from, from + Math.min(Number(limit), pageRowsMax)).map(asRefundRow);
      const shown = from + results.length;
      const total = children.length;
      return { pagination: { count: shown, next: shown < total ? shown : 0, previous: 0, total }, results };
    },
    refundsBelow: (parentId) => ({ parentId, refunds: childrenOf(parentId).map(refundRow) }),
    findOther: (id) => byId.get(id)?.body(),
    page: (of, query) => {
      const rows = rowsOf(of, query);
      const limit = Math.min(query.limit, pageRowsMax);
      const end = query.offset + limit;
      if (mood.plays('page_smaller') && limit < query.limit && rows.length > limit) mood.note('page_smaller');
      const onPage = moved(rows, query.offset, end).slice(query.offset, end);
      const results = onPage.map((row) => lacking(row.body(), mood));
      const shy = rows.length > 1 && mood.strikes('total_lags', 50);
      const total = shy ? rows.length - random.whole(1, Math.min(60, rows.length - 1)) : rows.length;
      const next = end < total ? end : 0;
      const pagination = { count: query.offset + results.length, next, previous: 0, total };
      return of === 'payments'
        ? { pagination, results }
        : { data: results, pagination: { pagination, results: [] } };
    },
  };
}

function otherRow(id: string, createdAtMs: number, { accountNumber, type }: ListQuery): Row {
  const amounts = {
    purchaseAmount: '1000.00',
    purchaseCurrency: 'COP',
    totalAmount: '1000.00',
    currency: 'COP',
  };
  const createdAt = new Date(createdAtMs).toISOString();
  const body = {
    id,
    externalId: `of-others-${id}`,
    status: 'SETTLED',
    accountNumber,
    type,
    ...amounts,
    createdAt,
  };
  return { id, createdAtMs, isOurs: false, body: () => body };
}

function lacking(body: Body, mood: Impoliteness): Body {
  if (!mood.strikes('rows_lack_fields', 10)) return body;
  const lacked = mood.random.pick(LACKABLE);
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== lacked));
}

function isWanted(listedAs: { accountNumber: string; type: string }, { accountNumber, type }: ListQuery) {
  return (
    (accountNumber === undefined || listedAs.accountNumber === accountNumber) &&
    (type === undefined || listedAs.type === type)
  );
}

/** The days asked for are days of the provider. */
function windowOf({ fromDay, toDay }: ListQuery, zoneHours: number): readonly [number, number] {
  const from = midnightOf(fromDay) ?? Number.NEGATIVE_INFINITY;
  const to = midnightOf(toDay) ?? Number.POSITIVE_INFINITY;
  return [from - zoneHours * HOUR_MS, to + 24 * HOUR_MS - zoneHours * HOUR_MS];
}

function midnightOf(day: string | undefined): number | null {
  const [, date, month, year] = /^(\d{2})\/(\d{2})\/(\d{4})$/.exec(day ?? '') ?? [];
  return year === undefined ? null : Date.UTC(Number(year), Number(month) - 1, Number(date));
}

/** An instant as a clock on the provider's wall shows it. */
export function localInstant(text: string, zoneHours: number): string {
  if (zoneHours === 0) return text;
  const local = new Date(Date.parse(text) + zoneHours * HOUR_MS).toISOString().replace('Z', '');
  const hours = String(Math.abs(zoneHours)).padStart(2, '0');
  return `${local}${zoneHours < 0 ? '-' : '+'}${hours}:00`;
}
