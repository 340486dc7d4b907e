import { openDiscrepancy } from '@capstan/shared/db/discrepancies';
import { takeOverdue } from '@capstan/shared/db/payments';
import { inTransaction } from '@capstan/shared/db/transaction';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import type { ReconcilerContext } from './context.ts';

const TAKEN_MAX = 200;

/**
 * Tells of payments that have been in their state for longer than their rail takes, each once until it moves again.
 * @returns whether there may be more at once.
 */
export async function noticeOverdue({ pool, log }: ReconcilerContext): Promise<boolean> {
  const overdue = await inTransaction(pool, async (tx) => {
    const taken = await takeOverdue(tx, TAKEN_MAX);
    for (const { key, conomyId, status, movedAt, updatedAt } of taken) {
      const value = { status, since: movedAt.toISOString() };
      await openDiscrepancy(tx, {
        kind: 'overdue',
        paymentKey: key,
        conomyId,
        mirror: { value, readAt: updatedAt },
        provider: { value, readAt: updatedAt },
        cause: DISCREPANCIES.overdue.cause,
      });
    }
    return taken;
  });
  for (const { key, conomyId, status, ageMs } of overdue)
    log.error(
      { event: 'payment.overdue', paymentKey: key, conomyId, status, ageMs: Math.round(ageMs) },
      `a payment has been ${status} for too long`,
    );
  return overdue.length === TAKEN_MAX;
}
