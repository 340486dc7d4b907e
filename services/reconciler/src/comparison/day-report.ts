import type { Day } from '@capstan/shared/db/compared-days';
import type { DiscrepancyKind, DiscrepancyStatus } from '@capstan/shared/domain/discrepancies';
import type { MoneySum } from './money-sums.ts';

/** One disagreement that a comparison found, and how it stands now. */
export interface Finding {
  kind: DiscrepancyKind;
  paymentKey: string | null;
  conomyId: string;
  field: string | null;
  mirror: Record<string, unknown>;
  provider: Record<string, unknown>;
  /** `unsettled`: only reported, nothing was read or written for it. */
  status: DiscrepancyStatus | 'unsettled';
}

/**
 * What comparing one day came to. The counts add up: what is listed agrees, differs, is missing here or waits. Where both sides
 * are the same, `listed` is `agreed` and is `mirrored` and `refunds` together, and so is the money.
 */
export interface DayReport {
  day: Day;
  /** Why the day was not compared whole; null when it was. */
  gap: string | null;
  pages: number;
  /** Payments in Conomy's lists of this day, refunds included. */
  listed: number;
  /** Payments in the mirror that Conomy created on this day, without refunds; counted only where the lists are whole. */
  mirrored: number;
  /** Of what is listed, the refunds. */
  refunds: number;
  /** Listed and the same in the mirror, field by field. */
  agreed: number;
  /** Listed and another in the mirror when the list came; several findings may be of one. */
  differing: number;
  /** Listed and not in the mirror when the list came. */
  missing: number;
  /** Listed and not bound yet: their create is at work here. */
  waiting: number;
  /** In no list, and yet Conomy tells them when they are read. */
  unlisted: number;
  /** Money by currency. */
  sums: MoneySum[];
  /** Payments whose amount cannot be held exactly, or was not told: they are counted and in no sum. */
  unsummed: number;
  findings: Finding[];
}

export function isZeroDrift(reports: readonly DayReport[]): boolean {
  return reports.every(({ gap, findings }) => gap === null && findings.length === 0);
}

/** Whether something is left for a person. */
export function needsAPerson({ gap, findings }: DayReport): boolean {
  return gap !== null || findings.some(({ status }) => status === 'open' || status === 'unsettled');
}
