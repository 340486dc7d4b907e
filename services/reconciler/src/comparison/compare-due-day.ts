import { setTimeout as delay } from 'node:timers/promises';
import { claimDueDay, completeDay, releaseDay, renewDayClaim } from '@capstan/shared/db/compared-days';
import type { ReconcilerContext } from '../context.ts';
import { compareDays } from './compare-days.ts';
import { needsAPerson } from './day-report.ts';

const LEASE_MS = 5 * 60_000;
const AGAIN_MS = 30 * 60_000;
/** After its end, so that what was under way at midnight is listed. */
const SETTLED_AFTER_MS = 2 * 3_600_000;
const DAYS_MAX = 30;

/**
 * Compares the oldest day that is over and was not compared whole yet, one process at a time. A day that cannot be
 * compared whole is tried again later; what was found stays recorded. A process that stops leaves its day to the others.
 * @returns whether there may be another day to compare at once.
 */
export async function compareDueDay(
  context: ReconcilerContext,
  worker: string,
  stopping: AbortSignal,
): Promise<boolean> {
  const claim = { by: worker, leaseMs: LEASE_MS };
  const day = await claimDueDay(context.pool, {
    ...claim,
    settledAfterMs: SETTLED_AFTER_MS,
    daysMax: DAYS_MAX,
  });
  if (day === null) return false;
  let isWhole = false;
  const comparing = {
    ...context,
    reads: context.senders.reads,
    wait: (ms: number) => delay(ms, undefined, { signal: stopping }),
    onPage: async () => {
      stopping.throwIfAborted();
      await renewDayClaim(context.pool, day, claim);
    },
  };
  const comparison = compareDays(comparing, { from: day, to: day, mode: 'settle' }, async (report) => {
    const { findings, ...counts } = report;
    isWhole = report.gap === null;
    if (isWhole) await completeDay(context.pool, day, { ...counts, differed: findings.length });
    context.log[needsAPerson(report) ? 'error' : 'info'](
      { event: 'day.compared', ...counts, differed: findings.length },
      isWhole ? `${day} was compared whole` : `${day} was not compared whole: ${report.gap}`,
    );
  });
  try {
    await comparison;
  } catch (error) {
    if (!stopping.aborted) throw error;
  } finally {
    // Also after a failure: the oldest day would be taken again and again, and no later one ever.
    if (!isWhole)
      await releaseDay(context.pool, day, { by: worker, againMs: stopping.aborted ? 0 : AGAIN_MS });
  }
  return isWhole;
}
