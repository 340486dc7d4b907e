import { randomUUID } from 'node:crypto';
import { insertPayments } from '../db/accept.ts';
import { findKeyByConomyId, lockPayment } from '../db/payments.ts';
import type { PoolClient } from '../db/pool.ts';
import { ensureRefundChild } from '../db/refunds.ts';
import type { ObservedPayment } from '../provider/payment-provider.ts';
import { factsOf, type ObservationResult, observePayment } from './observe-payment.ts';

/**
 * Mirrors a payment that no command of ours made, from what a read of it told. It gets a key of its own, and its
 * externalId unless a payment of ours has that; a refund goes below its parent, where that one is mirrored.
 */
export async function adoptPayment(
  tx: PoolClient,
  told: ObservedPayment,
  random: number,
): Promise<ObservationResult & { paymentKey: string }> {
  const paymentKey = (await findKeyByConomyId(tx, told.id)) ?? (await insertAdopted(tx, told));
  const payment = await lockPayment(tx, paymentKey);
  if (payment === null) throw new Error(`the payment ${told.id} has no row`);
  const facts = { ...factsOf(told), source: 'read' as const, sourceId: null };
  return { ...(await observePayment(tx, payment, facts, random)), paymentKey };
}

async function insertAdopted(tx: PoolClient, told: ObservedPayment): Promise<string> {
  const parentKey =
    told.parentPaymentId === undefined ? null : await findKeyByConomyId(tx, told.parentPaymentId);
  if (parentKey !== null) return ensureRefundChild(tx, parentKey, told.id);
  const key = randomUUID();
  const row = { key, conomyId: told.id, kind: 'payment' as const, snapshot: '{}' };
  const named =
    told.externalId !== undefined && (await insertPayments(tx, [{ ...row, externalId: told.externalId }]));
  if (!named) await insertPayments(tx, [{ ...row, externalId: null }]);
  return (await findKeyByConomyId(tx, told.id)) ?? key;
}
