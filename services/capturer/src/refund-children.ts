import type { ClaimedCommand } from '@capstan/shared/db/claims';
import { lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { ensureRefundChild } from '@capstan/shared/db/refunds';
import type { ObservationSource } from '@capstan/shared/domain/mirror-move';
import { factsOf, observePayment } from '@capstan/shared/mirror/observe-payment';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { Offer } from '@capstan/shared/queue/catalogue';
import type { CapturerContext } from './context.ts';

/**
 * A refund is a payment of its own, child of the one that is refunded: it gets a mirror row and is read until it is
 * final like every other. The caller holds the parent's row.
 */
export async function mirrorRefundChild(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  child: ObservedPayment,
  source: ObservationSource,
): Promise<Offer<'reads'> | null> {
  const key = await ensureRefundChild(tx, command.paymentKey, child.id);
  const row = await lockPayment(tx, key);
  if (row === null) throw new Error(`the refund ${child.id} has no row to lock`);
  // The answer to a refund leaves its amount out in some documents; then it is what was asked for.
  const snapshot = { type: 'REFUND', ...amountOf(command, source), ...child.raw };
  const facts = { ...factsOf(child), snapshot, source, sourceId: null };
  return (await observePayment(tx, row, facts, context.random())).read;
}

function amountOf({ refund }: ClaimedCommand, source: ObservationSource): Record<string, unknown> {
  if (source !== 'answer' || refund === null) return {};
  return { totalAmount: refund.amount, currency: refund.currency };
}
