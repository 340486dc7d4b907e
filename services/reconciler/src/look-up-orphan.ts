import { findListed } from '@capstan/shared/db/compared-days';
import { type DeliveryRow, deferDelivery, endDelivery } from '@capstan/shared/db/deliveries';
import { openDiscrepancy } from '@capstan/shared/db/discrepancies';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import { adoptAsTold } from '@capstan/shared/mirror/adopt-payment';
import { askFor } from '@capstan/shared/mirror/read-payment';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { backoffMs } from '@capstan/shared/retry/backoff';
import type { ReconcilerContext } from './context.ts';
import { judgeUnmirrored, openUnmirrored } from './unmirrored.ts';

/** How long a delivery may wait for the answer that names its payment; a create's may be slower than the webhook. */
export const ORPHAN_AFTER_MS = 120_000;
const AGAIN_MS = 120_000;

/**
 * Reads the payment that a verified delivery names and that is not mirrored: it is mirrored from now on, belongs to a
 * create at work here, was made by somebody else, or is unknown to Conomy itself.
 */
export async function lookUpOrphan(
  context: ReconcilerContext,
  delivery: DeliveryRow & { conomyId: string },
): Promise<void> {
  const awayMs = context.gate.awayMs();
  if (awayMs !== null) return deferDelivery(context.pool, delivery.id, awayMs);
  const read = await askFor(context.provider, { kind: 'payment', conomyId: delivery.conomyId });
  if (read.ok) return settle(context, delivery, read.value);
  if (read.failure.httpStatus === 404) return openOrphan(context, delivery);
  const waitMs = read.failure.retryAfterMs ?? backoffMs(5, context.random());
  return deferDelivery(context.pool, delivery.id, waitMs);
}

async function settle(
  context: ReconcilerContext,
  delivery: DeliveryRow,
  told: ObservedPayment,
): Promise<void> {
  const { externalId } = told;
  const [namesake = null] = externalId === undefined ? [] : await findListed(context.pool, [], [externalId]);
  const unmirrored = { told, namesake };
  const verdict = await judgeUnmirrored(context.pool, unmirrored);
  switch (verdict) {
    case 'waiting':
      return deferDelivery(context.pool, delivery.id, AGAIN_MS);
    case 'adopt':
      await adoptAsTold({ ...context, reads: context.senders.reads }, told);
      return deferDelivery(context.pool, delivery.id, 0);
    case 'twin':
    case 'missing_here':
      await openUnmirrored(context.pool, verdict, unmirrored);
      return endDelivery(context.pool, delivery);
  }
}

async function openOrphan({ pool }: ReconcilerContext, delivery: DeliveryRow): Promise<void> {
  const { event, externalId, status, conomyId } = delivery;
  await openDiscrepancy(pool, {
    kind: 'orphan_delivery',
    paymentKey: null,
    conomyId,
    mirror: { value: {}, readAt: delivery.receivedAt },
    provider: { value: { event, externalId, status, deliveryId: delivery.id }, readAt: null },
    cause: DISCREPANCIES.orphan_delivery.cause,
  });
  return endDelivery(pool, delivery);
}
