import type { Day } from '@capstan/shared/db/compared-days';
import type { ObservedPayment, PaymentProvider } from '@capstan/shared/provider/payment-provider';
import { backoffMs } from '@capstan/shared/retry/backoff';

/** Of payments no maximum is stated; a provider that gives fewer is read on from where it stopped. */
const PAGE_ROWS = 100;
const TRIES_MAX = 5;
/** A million rows: a longer day shows that the provider does not know `offset`. */
const PAGES_MAX = 10_000;

export interface WalkedDay {
  day: Day;
  pages: number;
  /** Ids of every row that was seen. */
  ids: ReadonlySet<string>;
  /** Null when every row of the day was seen and could be read; else why absence proves nothing. */
  gap: string | null;
}

export interface Walker {
  provider: PaymentProvider;
  /** Waits before a page is asked for again. */
  wait: (ms: number) => Promise<unknown>;
  random: () => number;
}

/**
 * Lists one day, oldest first, each page once; `onPage` gets the rows that were not seen before. Offsets shift while rows
 * are inserted: rows that come twice are dropped, and a day with fewer rows than its total is not whole.
 */
export async function walkDay(
  { provider, wait, random }: Walker,
  day: Day,
  onPage: (rows: ObservedPayment[], askedAt: Date) => Promise<void>,
): Promise<WalkedDay> {
  const at = new Date(`${day}T00:00:00Z`);
  const filter = { fromDay: at, toDay: at, sort: 'createdAt:asc' as const };
  const ids = new Set<string>();
  let pages = 0;
  let unreadable = 0;
  let total: number | undefined;
  for (let offset: number | null = 0; offset !== null; ) {
    if (pages === PAGES_MAX) return { day, pages, ids, gap: `${day} has no end after ${pages} pages` };
    const askedAt = new Date();
    const page = await askPatiently(() =>
      provider.listPayments(filter, { limit: PAGE_ROWS, offset: offset ?? 0 }),
    );
    if (!page.ok)
      return { day, pages, ids, gap: `page ${pages + 1} of ${day} was not told: ${page.failure.reason}` };
    pages += 1;
    unreadable += page.value.unreadableRows;
    total = page.value.total ?? total;
    const fresh = page.value.payments.filter(({ id }) => !ids.has(id));
    for (const { id } of fresh) ids.add(id);
    if (fresh.length > 0) await onPage(fresh, askedAt);
    // A page of nothing but known rows is the end, whatever the totals say.
    offset = fresh.length === 0 && page.value.unreadableRows === 0 ? null : page.value.nextOffset;
  }
  return { day, pages, ids, gap: gapOf() };

  function gapOf(): string | null {
    if (unreadable > 0) return `${unreadable} rows of ${day} have no id or status`;
    if (total !== undefined && ids.size < total) return `${day} has ${total} rows, and ${ids.size} were told`;
    return null;
  }

  async function askPatiently(ask: () => ReturnType<PaymentProvider['listPayments']>) {
    for (let tries = 1; ; tries++) {
      const answer = await ask();
      if (answer.ok || tries === TRIES_MAX) return answer;
      await wait(answer.failure.retryAfterMs ?? backoffMs(tries, random()));
    }
  }
}
