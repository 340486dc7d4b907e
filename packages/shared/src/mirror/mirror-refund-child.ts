import { lockPayment } from '../db/payments.ts';
import type { PoolClient } from '../db/pool.ts';
import { linkRefundChild } from '../db/refunds.ts';
import type { ObservationSource } from '../domain/mirror-move.ts';
import type { ObservedPayment } from '../provider/payment-provider.ts';
import type { Offer } from '../queue/catalogue.ts';
import { factsOf, observePayment } from './observe-payment.ts';

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
  context: { random: () => number },
  parent: { paymentKey: string },
  child: ObservedPayment,
  source: ObservationSource,
): Promise<MirroredChild | null> {
  const key = await linkRefundChild(tx, parent.paymentKey, child.id);
  if (key === null) return null;
  const row = await lockPayment(tx, key);
  if (row === null) throw new Error(`the refund ${child.id} has no row to lock`);
  const snapshot = { type: 'REFUND', ...child.raw };
  const facts = { ...factsOf(child), snapshot, source, sourceId: null, askedAtVersion: null };
  return { key, read: (await observePayment(tx, row, facts, context.random())).read };
}
