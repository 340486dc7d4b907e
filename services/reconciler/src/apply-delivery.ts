import { hastenUnresolvedCreate } from '@capstan/shared/db/commands';
import {
  type DeliveryResult,
  type DeliveryRow,
  findDelivery,
  markDeliveryApplied,
} from '@capstan/shared/db/deliveries';
import { findKeyByConomyId, lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { linkRefundChild } from '@capstan/shared/db/refunds';
import { inTransaction } from '@capstan/shared/db/transaction';
import type { MirrorMove } from '@capstan/shared/domain/mirror-move';
import { adoptCompanions } from '@capstan/shared/mirror/adopt-payment';
import { type ObservationResult, observePayment } from '@capstan/shared/mirror/observe-payment';
import { findDeliveryDrift } from '@capstan/shared/provider/conomy/drift';
import { parseCovered } from '@capstan/shared/provider/conomy/signature';
import { type ObservedDelivery, readDelivery } from '@capstan/shared/provider/conomy/webhook';
import { commandJob, RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import type { ReconcilerContext } from './context.ts';
import { lookUpOrphan, ORPHAN_AFTER_MS } from './look-up-orphan.ts';

interface Applied {
  result: DeliveryResult;
  paymentKey: string | null;
  observed: ObservationResult | null;
  /** The command that waits to learn what this delivery names. */
  hastened: { id: string; epoch: number } | null;
}

/** A delivery of no payment of ours is looked up within this, or by the next process. */
const LOOKED_UP_MS = 60_000;

const NOBODY = { paymentKey: null, observed: null, hastened: null };

/**
 * Applies one stored delivery by law 5, in one commit: it moves the mirror to a legal non-final successor, causes
 * a read, or is noted as duplicate, stale, of no payment of ours, or not about a payment. Running it again for the
 * same delivery changes nothing that the first run did not. One of no payment of ours wakes the create that may have made
 * it; when nobody has claimed it after two minutes, it is read.
 */
export async function applyDelivery(
  context: ReconcilerContext,
  deliveryId: string,
  timesReceived: number,
): Promise<void> {
  const delivery = await findDelivery(context.pool, deliveryId);
  if (delivery === null) return;
  const told = readStored(delivery);
  context.drift.note(findDeliveryDrift(told.raw));
  await adoptNamed(context, told);
  const applied = await inTransaction(context.pool, async (tx) => {
    const outcome = await observe(tx, context, delivery, told);
    const earlyMs = ORPHAN_AFTER_MS - delivery.ageMs;
    await markDeliveryApplied(tx, {
      id: delivery.id,
      timesReceived,
      paymentKey: outcome.paymentKey,
      result: outcome.result,
      againMs: outcome.result !== 'unmatched' ? null : earlyMs > 0 ? earlyMs : LOOKED_UP_MS,
    });
    return outcome;
  });
  logApplied(context, delivery, applied);
  await followUp(context, { ...delivery, timesReceived }, told, applied);
}

/** What was signed, and that alone; of a row of older code its columns, which were read from the signed part. */
function readStored({ covered, event, conomyId, externalId, status }: DeliveryRow): ObservedDelivery {
  if (covered !== null) return readDelivery(parseCovered(covered));
  const told = { id: conomyId, externalId, status };
  return readDelivery({ event, data: { transaction: told } });
}

/** After the commit: the jobs it made due, and what only a read can tell. */
async function followUp(
  context: ReconcilerContext,
  delivery: DeliveryRow,
  told: ObservedDelivery,
  { result, paymentKey, observed, hastened }: Applied,
): Promise<void> {
  const { senders, progress } = context;
  if (paymentKey !== null) progress.announce(paymentKey);
  if (observed?.read) await senders.reads.offer([observed.read]);
  if (hastened !== null) await senders.commands.offer([commandJob(hastened.id, hastened.epoch)]);
  const { conomyId } = told;
  if (result === 'unmatched' && conomyId !== undefined && delivery.ageMs >= ORPHAN_AFTER_MS)
    await lookUpOrphan(context, { ...delivery, conomyId });
}

/** The companion that a delivery about a payment of ours names. */
async function adoptNamed(
  context: ReconcilerContext,
  { conomyId, relatedPaymentId }: ObservedDelivery,
): Promise<void> {
  if (conomyId === undefined || relatedPaymentId === undefined) return;
  if ((await findKeyByConomyId(context.pool, conomyId)) === null) return;
  await adoptCompanions({ ...context, reads: context.senders.reads }, [relatedPaymentId]);
}

async function observe(
  tx: PoolClient,
  context: ReconcilerContext,
  delivery: DeliveryRow,
  told: ObservedDelivery,
): Promise<Applied> {
  if (told.conomyId === undefined || told.status === undefined) return { ...NOBODY, result: 'ignored' };
  const key = (await findKeyByConomyId(tx, told.conomyId)) ?? (await keyOfNewRefund(tx, told));
  const payment = key === null ? null : await lockPayment(tx, key);
  if (payment === null) {
    const hastened =
      told.externalId === undefined
        ? null
        : await hastenUnresolvedCreate(tx, told.externalId, RELAY_GRACE_MS);
    return { ...NOBODY, result: 'unmatched', hastened };
  }
  const { conomyId, status } = told;
  const facts = {
    ...told,
    source: 'delivery' as const,
    status,
    conomyId,
    snapshot: null,
    sourceId: delivery.id,
    askedAtVersion: null,
  };
  const observed = await observePayment(tx, payment, facts, context.random());
  return { result: resultOf(observed.move), paymentKey: payment.key, observed, hastened: null };
}

/**
 * The first word of a refund of a payment we mirror, made by us and not yet answered or made elsewhere: it gets a row
 * of its own, and the read that follows tells what it is.
 */
async function keyOfNewRefund(tx: PoolClient, told: ObservedDelivery): Promise<string | null> {
  if (told.about !== 'refund' || told.conomyId === undefined || told.parentPaymentId === undefined)
    return null;
  const parentKey = await findKeyByConomyId(tx, told.parentPaymentId);
  return parentKey === null ? null : linkRefundChild(tx, parentKey, told.conomyId);
}

function resultOf(move: MirrorMove): DeliveryResult {
  switch (move.kind) {
    case 'moved':
      return 'moved';
    case 'unchanged':
      return 'duplicate';
    case 'stale':
      return 'stale';
    case 'read':
      return 'read';
    case 'alarm':
      throw new Error('a delivery alone never raises an alarm');
  }
}

function logApplied(context: ReconcilerContext, delivery: DeliveryRow, applied: Applied): void {
  context.log.info(
    {
      event: 'delivery.applied',
      deliveryId: delivery.id,
      name: delivery.event,
      conomyId: delivery.conomyId,
      paymentKey: applied.paymentKey,
      status: delivery.status,
      timesReceived: delivery.timesReceived,
      result: applied.result,
      ageMs: Date.now() - delivery.receivedAt.getTime(),
    },
    `${delivery.event}: ${applied.result}`,
  );
}
