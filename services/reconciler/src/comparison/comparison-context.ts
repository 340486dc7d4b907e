import type { ReadContext } from '@capstan/shared/mirror/read-payment';
import type { Walker } from './walk-day.ts';

/** What a comparison works with. */
export interface ComparisonContext extends ReadContext, Walker {
  /** After each page, for progress and to keep a claim. */
  onPage: (page: { day: string; rows: number }) => Promise<void>;
}
