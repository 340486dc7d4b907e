import { type CreatedPlace, type Day, findCreatedOn, findListed } from '@capstan/shared/db/compared-days';
import { endDiscrepanciesOf, endMissingHere, findOpenKinds } from '@capstan/shared/db/discrepancies';
import { CAPSTAN_ITSELF } from '@capstan/shared/db/pauses';
import type { PaymentRow } from '@capstan/shared/db/payments';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { comparePayment } from './compare-payment.ts';
import type { ComparisonContext } from './comparison-context.ts';
import type { DayReport, Finding } from './day-report.ts';
import { dayAfter, dayBefore, dayOf, daysFrom } from './days.ts';
import { addMoney, type Counted } from './money-sums.ts';
import { type ComparisonMode, settleDifferences, settleMissingThere, settleUnmirrored } from './settle.ts';
import { type WalkedDay, walkDay } from './walk-day.ts';

const MIRROR_ROWS = 1_000;

export interface Comparison {
  from: Day;
  /** Inclusive. */
  to: Day;
  mode: ComparisonMode;
}

/**
 * Compares every payment of some days both ways and field by field. Conomy's days have no stated time zone, so a day is
 * judged when the days on either side are listed too; every page is read once.
 * @param onDay gets each day as soon as it is judged, with whether it was compared whole.
 */
export async function compareDays(
  context: ComparisonContext,
  { from, to, mode }: Comparison,
  onDay: (report: DayReport) => Promise<void>,
): Promise<void> {
  const reports = new Map(daysFrom(from, to).map((day) => [day, newReport(day)]));
  /** The newest three: what is judged, and the day on either side. */
  let walked: WalkedDay[] = [];
  for (const day of daysFrom(dayBefore(from), dayAfter(to))) {
    const walk = await walkDay(context, day, async (rows, askedAt) => {
      const byReport = Map.groupBy(rows, (row) => reports.get(dayOf(row.createdAt) ?? day));
      for (const [report, ofReport] of byReport)
        if (report) await comparePage(context, mode, report, ofReport, askedAt);
      await context.onPage({ day, rows: rows.length });
    });
    walked = [...walked.slice(-2), walk];
    const report = reports.get(dayBefore(day));
    if (report === undefined) continue;
    await judgeDay(context, mode, report, walked);
    await onDay(report);
  }
}

/** What the mirror has and the lists do not; only where the lists are whole does absence mean something. */
async function judgeDay(
  context: ComparisonContext,
  mode: ComparisonMode,
  report: DayReport,
  around: readonly WalkedDay[],
): Promise<void> {
  report.pages = around.find(({ day }) => day === report.day)?.pages ?? 0;
  report.gap ??= around.find(({ gap }) => gap !== null)?.gap ?? null;
  if (report.gap !== null) return;
  for (let after: CreatedPlace | null = null; ; ) {
    const mirrored = await findCreatedOn(context.pool, report.day, { after, limit: MIRROR_ROWS });
    report.mirrored += mirrored.length;
    for (const payment of mirrored) addMoney(report.sums, ['mirrored'], payment.snapshot);
    for (const payment of mirrored)
      if (!around.some(({ ids }) => ids.has(payment.conomyId)))
        await settleMissingThere(context, mode, report, payment);
    after = mirrored.at(-1)?.place ?? null;
    if (mirrored.length < MIRROR_ROWS) return;
  }
}

async function comparePage(
  context: ComparisonContext,
  mode: ComparisonMode,
  report: DayReport,
  rows: readonly ObservedPayment[],
  askedAt: Date,
): Promise<void> {
  const ids = rows.map(({ id }) => id);
  const mirrored = await findListed(
    context.pool,
    ids,
    rows.flatMap(({ externalId }) => externalId ?? []),
  );
  const byId = new Map(mirrored.map((payment) => [payment.conomyId, payment]));
  const byExternalId = new Map(mirrored.map((payment) => [payment.externalId, payment]));
  const agreeing: PaymentRow[] = [];
  for (const row of rows) {
    const payment = byId.get(row.id);
    const differences = payment ? comparePayment(payment, row) : [];
    const agrees = payment !== undefined && differences.length === 0;
    countListed(report, row, isRefund(row, payment), agrees);
    const namesake = row.externalId === undefined ? undefined : byExternalId.get(row.externalId);
    if (payment) {
      if (agrees) agreeing.push(payment);
      else await settleDifferences(context, mode, report, { payment, row, differences, askedAt });
    } else {
      await settleUnmirrored(context, mode, report, { told: row, namesake: namesake ?? null });
    }
  }
  if (mode !== 'report') await explainWhatAgrees(context, agreeing, ids);
}

function countListed(report: DayReport, row: ObservedPayment, refund: boolean, agrees: boolean): void {
  report.listed += 1;
  if (refund) report.refunds += 1;
  if (agrees) report.agreed += 1;
  const names: Counted[] = [
    'listed',
    ...(refund ? ['refunds' as const] : []),
    ...(agrees ? ['agreed' as const] : []),
  ];
  if (!addMoney(report.sums, names, row)) report.unsummed += 1;
}

/** As the mirror has it, since that is how it is counted there. */
function isRefund(row: ObservedPayment, payment: PaymentRow | undefined): boolean {
  return payment ? payment.kind === 'refund' : row.type === 'REFUND';
}

/** What an earlier comparison found and this one does not find any more. */
async function explainWhatAgrees(
  { pool }: ComparisonContext,
  agreeing: readonly PaymentRow[],
  ids: readonly string[],
): Promise<void> {
  const end = {
    status: 'explained',
    by: CAPSTAN_ITSELF,
    reason: 'A later comparison found both sides agree.',
  } as const;
  const kinds = ['status_differs', 'field_differs', 'missing_there'] as const;
  const open = await findOpenKinds(
    pool,
    agreeing.map(({ key }) => key),
    kinds,
  );
  if (open.length > 0)
    await endDiscrepanciesOf(
      pool,
      open.map(({ paymentKey }) => paymentKey),
      kinds,
      end,
    );
  await endMissingHere(pool, ids, end);
}

function newReport(day: Day): DayReport {
  return {
    day,
    gap: null,
    pages: 0,
    listed: 0,
    mirrored: 0,
    refunds: 0,
    agreed: 0,
    differing: 0,
    missing: 0,
    waiting: 0,
    unlisted: 0,
    sums: [],
    unsummed: 0,
    findings: [] as Finding[],
  };
}
