import type { ClaimedCommand } from '@capstan/shared/db/claims';
import { lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { linkRefundChild } from '@capstan/shared/db/refunds';
import type { ObservationSource } from '@capstan/shared/domain/mirror-move';
import { factsOf, observePayment } from '@capstan/shared/mirror/observe-payment';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { Offer } from '@capstan/shared/queue/catalogue';
import type { CapturerContext } from './context.ts';

export interface MirroredChild {
  key: string;
  read: Offer<'reads'> | null;
}

/**
 * A refund is a payment of its own, child of the one that is refunded: it gets a mirror row and is read until it is
 * final like every other. Its amount is what was told, never what was asked for.
 * @returns null when its id is mirrored as something else, a refund of another payment for one.
 */
export async function mirrorRefundChild(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  child: ObservedPayment,
  source: ObservationSource,
): Promise<MirroredChild | null> {
  const key = await linkRefundChild(tx, command.paymentKey, child.id);
  if (key === null) return null;
  const row = await lockPayment(tx, key);
  if (row === null) throw new Error(`the refund ${child.id} has no row to lock`);
  const snapshot = { type: 'REFUND', ...child.raw };
  const facts = { ...factsOf(child), snapshot, source, sourceId: null, askedAtVersion: null };
  return { key, read: (await observePayment(tx, row, facts, context.random())).read };
}
