import type { Day } from '@capstan/shared/db/compared-days';
import type { ListGap } from '@capstan/shared/provider/list-walk';
import type { ObservedPayment, PaymentProvider } from '@capstan/shared/provider/payment-provider';
import { type WalkEnd, walkList } from '@capstan/shared/provider/walk-list';
import { backoffMs } from '@capstan/shared/retry/backoff';

const TRIES_MAX = 5;

export interface WalkedDay {
  day: Day;
  pages: number;
  /** Ids of every row that was seen. */
  ids: { has(id: string): boolean };
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
 * Lists one day, oldest first, and keeps nothing of it but which ids there were; `onPage` gets the rows that were not seen
 * before. A day is whole by the rule of every list.
 */
export async function walkDay(
  { provider, wait, random }: Walker,
  day: Day,
  onPage: (rows: readonly ObservedPayment[], askedAt: Date) => Promise<void>,
): Promise<WalkedDay> {
  const at = new Date(`${day}T00:00:00Z`);
  const filter = { fromDay: at, toDay: at, sort: 'createdAt:asc' as const };
  let askedAt = new Date();
  const { end, place } = await walkList({
    order: 'oldest_first',
    ask: (page) => {
      askedAt = new Date();
      return askPatiently(() => provider.listPayments(filter, page));
    },
    visit: async ({ fresh }) => {
      if (fresh.length > 0) await onPage(fresh, askedAt);
    },
  });
  return { day, pages: place.pages, ids: place.ids, gap: describeEnd(end, day, place.pages) };

  async function askPatiently(ask: () => ReturnType<PaymentProvider['listPayments']>) {
    for (let tries = 1; ; tries++) {
      const answer = await ask();
      // The walk asks for fewer rows by itself.
      if (answer.ok || tries === TRIES_MAX || answer.failure.httpStatus === 400) return answer;
      await wait(answer.failure.retryAfterMs ?? backoffMs(tries, random()));
    }
  }
}

function describeEnd(end: WalkEnd, day: Day, pages: number): string | null {
  switch (end.kind) {
    case 'whole':
      return null;
    case 'failed':
      return `page ${pages + 1} of ${day} was not told: ${end.failure.reason}`;
    case 'gap':
      return describeGap(end.gap, day);
    case 'stopped':
      throw new Error('the walk of a day is never stopped');
  }
}

function describeGap(gap: ListGap, day: Day): string {
  switch (gap.reason) {
    case 'unreadable_rows':
      return `${gap.unreadable} rows of ${day} have no id or status`;
    case 'rows_missing':
      return `${day} has ${gap.total} rows, and ${gap.seen} were told`;
    case 'same_page_again':
      return `${day} has no end: the page at row ${gap.offset} is the one before it`;
  }
}
