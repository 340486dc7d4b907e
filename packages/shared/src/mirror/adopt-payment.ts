import { randomUUID } from 'node:crypto';
import { insertPayments } from '../db/accept.ts';
import { describeFault } from '../db/item-faults.ts';
import { findKeyByConomyId, lockPayment } from '../db/payments.ts';
import type { PoolClient } from '../db/pool.ts';
import { placeRefund } from '../db/refunds.ts';
import { isItemsFault } from '../db/sqlstates.ts';
import { inTransaction } from '../db/transaction.ts';
import type { ObservedPayment } from '../provider/payment-provider.ts';
import { factsOf, observePayment } from './observe-payment.ts';
import { askFor, type ReadContext } from './read-payment.ts';

/**
 * Mirrors a payment that no command of ours made from now on, as a read of it tells. It gets a key of its own, and its
 * externalId unless a payment of ours has that; a refund goes below its payment, or waits for it.
 * @returns its key; null when it could not be read.
 */
export async function adoptPayment(context: ReadContext, conomyId: string): Promise<string | null> {
  const known = await findKeyByConomyId(context.pool, conomyId);
  if (known !== null) return known;
  const read = await askFor(context.provider, { kind: 'payment', conomyId });
  return read.ok ? adoptAsTold(context, read.value) : null;
}

/**
 * Mirrors the payments that carry the difference of one that was paid short or over (dossier §19.7). Called before what names
 * them is committed: whoever dies in between is told of them again. One that cannot be mirrored holds up nothing; its own
 * delivery or the comparison of its day brings it.
 */
export async function adoptCompanions(context: ReadContext, conomyIds: readonly string[]): Promise<void> {
  for (const conomyId of conomyIds) {
    try {
      await adoptPayment(context, conomyId);
    } catch (error) {
      if (!isItemsFault(error)) throw error;
      context.log.error(
        { event: 'payment.companion_failed', conomyId, fault: describeFault(error) },
        'the payment beside one that was paid short or over could not be mirrored',
      );
    }
  }
}

/** Of a row that nobody mirrored when its payment was read. */
const NEVER_MOVED = 0;

/** The same for a payment that was just read; one that somebody mirrored meanwhile stays as it is. */
export async function adoptAsTold(context: ReadContext, told: ObservedPayment): Promise<string> {
  const { key, read } = await inTransaction(context.pool, async (tx) => {
    const adopted =
      (await placeToldRefund(tx, told)) ??
      (await findKeyByConomyId(tx, told.id)) ??
      (await insertAdopted(tx, told));
    const payment = await lockPayment(tx, adopted);
    if (payment === null) throw new Error(`the payment ${told.id} has no row`);
    const facts = { ...factsOf(told), source: 'read' as const, sourceId: null, askedAtVersion: NEVER_MOVED };
    return { key: adopted, ...(await observePayment(tx, payment, facts, context.random())) };
  });
  context.log.info(
    { event: 'payment.adopted', paymentKey: key, conomyId: told.id, type: told.type, status: told.status },
    'a payment that no command made is mirrored from now on',
  );
  context.progress.announce(key);
  if (read !== null) await context.reads.offer([read]);
  return key;
}

async function insertAdopted(tx: PoolClient, told: ObservedPayment): Promise<string> {
  const row = { key: randomUUID(), conomyId: told.id, kind: 'payment' as const, snapshot: '{}' };
  const { externalId } = told;
  const isNamed = externalId !== undefined && (await insertPayments(tx, [{ ...row, externalId }])) === 1;
  if (!isNamed) await insertPayments(tx, [{ ...row, externalId: null }]);
  return (await findKeyByConomyId(tx, told.id)) ?? row.key;
}

/** Puts what a read shows to be a refund below its payment, or has it wait for it; null for anything else. */
export async function placeToldRefund(tx: PoolClient, told: ObservedPayment): Promise<string | null> {
  const { id, type, parentPaymentId } = told;
  if (parentPaymentId === undefined || (type ?? 'REFUND') !== 'REFUND') return null;
  return placeRefund(tx, id, parentPaymentId);
}
