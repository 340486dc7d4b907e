import { commitInHalves } from '@capstan/shared/db/commit-in-halves';
import { openDiscrepancy } from '@capstan/shared/db/discrepancies';
import { describeFault } from '@capstan/shared/db/item-faults';
import { findOverdue, putOffOverdue, takeOverdue } from '@capstan/shared/db/overdue-payments';
import type { PaymentRow } from '@capstan/shared/db/payments';
import type { Pool } from '@capstan/shared/db/pool';
import { inTransaction } from '@capstan/shared/db/transaction';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import type { ReconcilerContext } from './context.ts';

const TAKEN_MAX = 200;

/**
 * Tells of payments that have been in their state for longer than their rail takes, each once until it moves again. One of
 * which PostgreSQL refuses to keep that leaves nobody else untold.
 * @returns whether there may be more at once.
 */
export async function noticeOverdue({ pool, log }: ReconcilerContext): Promise<boolean> {
  const due = await findOverdue(pool, TAKEN_MAX);
  await commitInHalves(
    due,
    async (keys) => {
      const overdue = await openOverdue(pool, keys);
      for (const { key, conomyId, status, ageMs } of overdue)
        log.error(
          { event: 'payment.overdue', paymentKey: key, conomyId, status, ageMs: Math.round(ageMs) },
          `a payment has been ${status} for too long`,
        );
      return [];
    },
    async (key, refusal) => {
      await putOffOverdue(pool, key);
      log.error(
        { event: 'payment.overdue_refused', paymentKey: key, fault: describeFault(refusal) },
        'a payment stands still, and no discrepancy could be opened; it is tried again in an hour',
      );
    },
  );
  return due.length === TAKEN_MAX;
}

function openOverdue(pool: Pool, keys: readonly string[]): Promise<PaymentRow[]> {
  return inTransaction(pool, async (tx) => {
    const taken = await takeOverdue(tx, keys);
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
}
