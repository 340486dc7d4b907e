import { resolveAttempt } from '@capstan/shared/db/attempts';
import { type ConcludableCommand, markStepMade } from '@capstan/shared/db/conclusions';
import { endDiscrepanciesOf, openDiscrepancy } from '@capstan/shared/db/discrepancies';
import { releaseWaitingForId } from '@capstan/shared/db/followers';
import { findKeyByConomyId, type LockedPayment, lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { claimRefundChild, findRefundChildren } from '@capstan/shared/db/refunds';
import { SECOND_KEY, settleSecondKey } from '@capstan/shared/db/second-keys';
import {
  type AskedEffect,
  NO_ID,
  openAttemptOf,
  operationOf,
  refuseChoice,
  refuseMade,
} from '@capstan/shared/domain/conclude';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import { mirrorRefundChild } from '@capstan/shared/mirror/mirror-refund-child';
import { factsOf, observePayment } from '@capstan/shared/mirror/observe-payment';
import type { ReadContext } from '@capstan/shared/mirror/read-payment';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { commandJob, type Offer, RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import { type ConcludeRequest, endFollowers, refuse, type Written } from './conclusion.ts';
import { effectOf, type ReadForConclusion } from './read-for-conclusion.ts';

/** The current step was taken, by the payment or refund that was just read: it is bound, and the next step runs. */
export async function concludeMade(
  tx: PoolClient,
  context: ReadContext,
  command: ConcludableCommand,
  { payment: told, others }: ReadForConclusion,
  request: ConcludeRequest,
): Promise<Written> {
  if (told === null) throw new Error(`no payment was read to conclude command ${command.id}`);
  const payment = await lockPayment(tx, command.paymentKey);
  if (payment === null) throw new Error(`payment ${command.paymentKey} has no row`);
  refuse(refuseChoice(others.map(effectOf)));
  const reads =
    command.type === 'payment.refund'
      ? await bindRefund(tx, context, command, told, request)
      : await bindPayment(tx, context, command, { payment, told });
  for (const other of others) await tellTwin(tx, payment, other);
  const attempt = openAttemptOf(command);
  if (attempt !== null) await resolveAttempt(tx, attempt.id, 'succeeded');
  const epoch = await markStepMade(tx, command.id, RELAY_GRACE_MS);
  const stepsDone = command.stepsDone + 1;
  if (stepsDone < command.steps.length) return { commandJobs: [commandJob(command.id, epoch)], reads };
  return { ...(await endFollowers(tx, { ...command, stepsDone }, 'succeeded')), reads };
}

/** Of a payment: what was read is taken into its mirror, and its id is bound where none was. */
async function bindPayment(
  tx: PoolClient,
  { random }: ReadContext,
  command: ConcludableCommand,
  { payment, told }: { payment: LockedPayment; told: ObservedPayment },
): Promise<Offer<'reads'>[]> {
  const { asked, conomyId, externalId } = command;
  if (conomyId === null && !isCreate(command)) refuse(NO_ID);
  const named = { ...asked, externalId: externalId ?? asked?.externalId, id: conomyId };
  refuse(refuseMade(command, { kind: 'payment', asked: named }, effectOf(told), null));
  // Its Conomy payment is the older key's to mirror.
  if (payment.duplicateOf !== null) return [];
  if (conomyId === null) await takeId(tx, command, told);
  const facts = {
    ...factsOf(told),
    source: 'read' as const,
    sourceId: null,
    askedAtVersion: command.conomyId === null ? null : command.paymentVersion,
    askedAtAgeMs: command.paymentAgeMs,
  };
  const { read } = await observePayment(tx, payment, facts, random());
  if (conomyId === null) await releaseWaitingForId(tx, { key: payment.key, conomyId: told.id });
  return read === null ? [] : [read];
}

function isCreate(command: ConcludableCommand): boolean {
  const operation = operationOf(command);
  return operation === 'create' || operation === 'create_attempt';
}

/** The id may be mirrored under another key: the one accepted first has it, and what another create made is not ours. */
async function takeId(
  tx: PoolClient,
  { paymentKey }: ConcludableCommand,
  told: ObservedPayment,
): Promise<void> {
  const other = await findKeyByConomyId(tx, told.id);
  if (other === null) return;
  const { rowCount } = await tx.query(
    'select from commands where payment_key = $1::uuid and create_body is not null limit 1',
    [other],
  );
  const isFree = rowCount === 0 && (await settleSecondKey(tx, paymentKey, told.id, SECOND_KEY));
  if (isFree) return;
  refuse({
    code: 'payment_differs',
    detail: `The payment ${told.id} is mirrored under the key ${other}, which was there before or created it.`,
    fields: [{ field: 'id', asked: null, told: told.id }],
  });
}

async function bindRefund(
  tx: PoolClient,
  context: ReadContext,
  command: ConcludableCommand,
  told: ObservedPayment,
  { by, reason }: ConcludeRequest,
): Promise<Offer<'reads'>[]> {
  const { conomyId, refund, paymentKey } = command;
  const attempt = openAttemptOf(command);
  if (conomyId === null || refund === null || attempt === null)
    throw new Error(`command ${command.id} says nothing about what was refunded`);
  const isLinked = await isRefundOf(tx, paymentKey, told.id);
  const asked = { parentPaymentId: conomyId, amount: refund.amount, currency: refund.currency };
  const effect: AskedEffect = { kind: 'refund', asked, isLinked };
  refuse(refuseMade(command, effect, effectOf(told), null));
  const mirrored = await mirrorRefundChild(tx, context, command, told, 'read');
  const children = await findRefundChildren(tx, paymentKey);
  const child = children.find(({ key }) => key === mirrored?.key) ?? null;
  refuse(refuseMade(command, effect, effectOf(told), child));
  if (mirrored === null || !(await claimRefundChild(tx, attempt.id, mirrored.key)))
    refuse({
      code: 'payment_differs',
      detail: `The refund ${told.id} was made by another command, or is of another payment.`,
      fields: [{ field: 'id', asked: null, told: told.id }],
    });
  const key = mirrored?.key ?? '';
  await endDiscrepanciesOf(tx, [key], ['amount_differs'], { status: 'accepted', by, reason });
  return mirrored?.read ? [mirrored.read] : [];
}

async function isRefundOf(tx: PoolClient, parentKey: string, conomyId: string): Promise<boolean> {
  const children = await findRefundChildren(tx, parentKey);
  return children.some((child) => child.conomyId === conomyId);
}

/** It has our externalId and is not ours: nobody ever captures it. */
async function tellTwin(
  tx: PoolClient,
  { key, status, snapshot, updatedAt }: LockedPayment,
  other: ObservedPayment,
): Promise<void> {
  const { totalAmount = null, currency = null } = snapshot;
  await openDiscrepancy(tx, {
    kind: 'twin',
    paymentKey: key,
    conomyId: other.id,
    mirror: { value: { status, totalAmount, currency }, readAt: updatedAt },
    provider: {
      value: { status: other.status, totalAmount: other.totalAmount, currency: other.currency },
      readAt: null,
    },
    cause: DISCREPANCIES.twin.cause,
  });
}
