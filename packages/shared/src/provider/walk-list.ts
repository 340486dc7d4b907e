import { afterPage, beginWalk, type ListGap, type ListOrder, type WalkPlace } from './list-walk.ts';
import type { ObservedPayment, PaymentPage, ProviderFailure, ProviderResult } from './payment-provider.ts';

/** The rows of one page, and those of them whose id was not seen before. */
export interface VisitedPage {
  rows: readonly ObservedPayment[];
  fresh: readonly ObservedPayment[];
  page: PaymentPage;
}

export interface ListToWalk {
  order: ListOrder;
  ask(page: { limit: number; offset: number }): Promise<ProviderResult<PaymentPage>>;
  /** Gets every page before the next is asked for, unless it says `stop`. */
  visit?(visited: VisitedPage, stop: () => void): Promise<void>;
  /** Where an earlier walk of this list stopped. Default: its beginning. */
  from?: WalkPlace;
}

export type WalkEnd =
  /** Every row that was there when the walk began was seen and could be read. */
  | { kind: 'whole' }
  /** It came to its end, and absence from it proves nothing. */
  | { kind: 'gap'; gap: ListGap }
  /** The visitor had enough. */
  | { kind: 'stopped' }
  /** A page was not told; from the place the walk can go on. */
  | { kind: 'failed'; failure: ProviderFailure };

export interface WalkedList {
  end: WalkEnd;
  place: WalkPlace;
  /** When its last page was answered; null when no page was told, or not when. */
  answeredAt: Date | null;
  /** Its last page may have been kept by a cache: `answeredAt` is then no instant of reading. */
  isAged: boolean;
}

const PAGE_ROWS = 500;
/** What every list of Conomy takes (dossier §16). */
const PAGE_ROWS_MIN = 50;

/** Walks any list of the provider page by page, and keeps nothing of it but which ids there were. */
export async function walkList(list: ListToWalk): Promise<WalkedList> {
  let place = list.from ?? beginWalk();
  let limit = PAGE_ROWS;
  let last: Pick<PaymentPage, 'answeredAt' | 'isAged'> = {};
  const ended = (end: WalkEnd): WalkedList => ({
    end,
    place,
    answeredAt: last.answeredAt ?? null,
    isAged: last.isAged ?? false,
  });
  for (;;) {
    const answer = await list.ask({ limit, offset: place.offset });
    if (!answer.ok) {
      if (limit === PAGE_ROWS_MIN || !isTooMany(answer.failure))
        return ended({ kind: 'failed', failure: answer.failure });
      limit = PAGE_ROWS_MIN;
      continue;
    }
    const page = answer.value;
    last = page;
    const fresh = freshOf(page, place);
    const { isPaginated = page.total !== undefined } = page;
    const ids = page.payments.map(({ id }) => id);
    const decided = afterPage(place, { ...page, ids, isPaginated }, list.order);
    let isStopped = false;
    await list.visit?.({ rows: page.payments, fresh, page }, () => {
      isStopped = true;
    });
    place = decided.place;
    if (decided.step.isOver) {
      const { gap } = decided.step;
      return ended(gap === null ? { kind: 'whole' } : { kind: 'gap', gap });
    }
    if (isStopped) return ended({ kind: 'stopped' });
  }
}

/** Whether fewer rows may be told: the limit was refused, or the answer was longer than we read. */
function isTooMany({ httpStatus, reason }: ProviderFailure): boolean {
  return httpStatus === 400 || reason === 'answer_too_large';
}

/** Rows come twice when offsets shift under the walk. */
function freshOf({ payments }: PaymentPage, { ids }: WalkPlace): ObservedPayment[] {
  const seen = new Set<string>();
  return payments.filter(({ id }) => !ids.has(id) && seen.size < seen.add(id).size);
}
