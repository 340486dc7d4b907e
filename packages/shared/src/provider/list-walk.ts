import { hash } from 'node:crypto';
import { IdSet } from './id-set.ts';

/** Rows of a list asked for newest first move on behind the walk; of one asked for oldest first new ones come at its end. */
export type ListOrder = 'oldest_first' | 'newest_first';

/** What of one page decides how the walk goes on. */
export interface PageFacts {
  /** Of every row that could be read. */
  ids: readonly string[];
  unreadableRows: number;
  /** Of the whole list, where the answer tells it. */
  total?: number;
  /** The answer had a `pagination` or a total. */
  isPaginated: boolean;
  /** How many rows the answer's own `summary` counts. */
  summaryRows?: number;
}

/** How far a walk has come; from here another process can go on. */
export interface WalkPlace {
  /** Of the page to be asked for next. */
  offset: number;
  /** A list is walked once, and once more when ids are missing at its end. */
  walk: 1 | 2;
  /** Pages of this walk. */
  pagesOfWalk: number;
  /** Of both walks. Grows in place. */
  ids: IdSet;
  /** Pages and rows of both walks, rows that could not be read and rows that came twice included. */
  pages: number;
  rows: number;
  unreadableRows: number;
  /** What the first and the last page of this walk told; 0 when they told nothing. */
  firstTotal: number;
  lastTotal: number;
  /** What the first walk told, from the second one on. */
  toldBefore: number;
  summaryRows: number;
  /** Stands for the ids of the page before. */
  lastPage: string;
  /** How many pages in a row had the same ids. */
  alike: number;
}

/** Why a list was not seen whole. */
export type ListGap =
  | { reason: 'unreadable_rows'; unreadable: number }
  | { reason: 'rows_missing'; seen: number; total: number }
  | { reason: 'same_page_again'; offset: number };

/** Whether the walk goes on; `gap` is null when the list was seen whole. */
export type WalkStep = { isOver: false } | { isOver: true; gap: ListGap | null };

/** Pages in a row with the same ids, at growing offsets: the provider does not know the offset. */
const ALIKE_MAX = 3;

const WALK_BEGINS = { offset: 0, pagesOfWalk: 0, firstTotal: 0, lastTotal: 0, lastPage: '', alike: 0 };

export function beginWalk(): WalkPlace {
  const counts = { pages: 0, rows: 0, unreadableRows: 0, summaryRows: 0, toldBefore: 0 };
  return { ...WALK_BEGINS, ...counts, walk: 1, ids: new IdSet() };
}

/**
 * Decides after each page how the walk of a list goes on, by one rule for every list (design: "A scan is whole"). Only an
 * empty page ends it: a total may lag, and a page of nothing but known rows means that rows were inserted above. The next
 * page begins behind the rows that this one held, which may be fewer than were asked for.
 */
export function afterPage(
  before: WalkPlace,
  page: PageFacts,
  order: ListOrder,
): { place: WalkPlace; step: WalkStep } {
  for (const id of page.ids) before.ids.add(id);
  const held = page.ids.length + page.unreadableRows;
  const total = page.total ?? 0;
  const lastPage = markOf(page);
  const place: WalkPlace = {
    ...before,
    offset: before.offset + held,
    pagesOfWalk: before.pagesOfWalk + 1,
    pages: before.pages + 1,
    rows: before.rows + held,
    unreadableRows: before.unreadableRows + page.unreadableRows,
    firstTotal: before.pagesOfWalk === 0 ? total : before.firstTotal,
    // An empty page may tell a total of nothing.
    lastTotal: held === 0 ? Math.max(total, before.lastTotal) : total,
    summaryRows: Math.max(page.summaryRows ?? 0, before.summaryRows),
    lastPage,
    alike: lastPage === before.lastPage ? before.alike + 1 : 1,
  };
  // Such a list has one page, and does not look at the offset.
  const isRepeated = place.pagesOfWalk === 2 && place.alike === 2 && !page.isPaginated;
  if (isRepeated) return atEndOfWalk({ ...place, unreadableRows: before.unreadableRows }, order);
  if (held === 0) return atEndOfWalk(place, order);
  if (place.alike < ALIKE_MAX) return { place, step: { isOver: false } };
  return { place, step: { isOver: true, gap: { reason: 'same_page_again', offset: before.offset } } };
}

function atEndOfWalk(place: WalkPlace, order: ListOrder): { place: WalkPlace; step: WalkStep } {
  const { ids, walk, unreadableRows, firstTotal, lastTotal, toldBefore, summaryRows } = place;
  if (unreadableRows > 0)
    return { place, step: { isOver: true, gap: { reason: 'unreadable_rows', unreadable: unreadableRows } } };
  const told = order === 'newest_first' ? firstTotal : Math.max(firstTotal, lastTotal);
  // A second walk that tells nothing takes nothing back: what was missing before it is still missing.
  const total = Math.max(told === 0 ? toldBefore : told, summaryRows);
  if (ids.size >= total) return { place, step: { isOver: true, gap: null } };
  const next = { ...place, ...WALK_BEGINS, walk: 2 as const, toldBefore: told };
  if (walk === 1) return { place: next, step: { isOver: false } };
  return { place, step: { isOver: true, gap: { reason: 'rows_missing', seen: ids.size, total } } };
}

function markOf({ ids, unreadableRows }: PageFacts): string {
  return hash('sha1', JSON.stringify([unreadableRows, ...[...ids].sort()]));
}
