import { type ConcludableCommand, markConcluded, ruleOutAttempts } from '@capstan/shared/db/conclusions';
import { findToldIds } from '@capstan/shared/db/deliveries';
import { doubtRefund, endDoubt } from '@capstan/shared/db/doubtful-refunds';
import { dropOperatorScan, findOperatorScan } from '@capstan/shared/db/operator-scans';
import { findCreatedIds, lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { findRefundChildren, takeWaitingRefunds } from '@capstan/shared/db/refunds';
import {
  type ConcludedAttempt,
  openAttemptOf,
  operationOf,
  refuseConfirmed,
  refuseCreateRuledOut,
  refuseRefundRuledOut,
  refuseRuledOut,
} from '@capstan/shared/domain/conclude';
import { mirrorRefundChild } from '@capstan/shared/mirror/mirror-refund-child';
import type { ReadContext } from '@capstan/shared/mirror/read-payment';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { Offer } from '@capstan/shared/queue/catalogue';
import { type ConcludeRequest, endFollowers, NOT_OURS_MAX, refuse, type Written } from './conclusion.ts';
import { effectOf, type ReadForConclusion } from './read-for-conclusion.ts';

/** The current step had no effect, a day after its call: it is ruled out, never sent again, and the command ends. */
export async function concludeNotMade(
  tx: PoolClient,
  context: ReadContext,
  command: ConcludableCommand,
  read: ReadForConclusion,
  { by, reason, notOurs }: ConcludeRequest,
): Promise<Written> {
  await lockPayment(tx, command.paymentKey);
  const attempt = openAttemptOf(command);
  if (attempt === null) throw new Error(`command ${command.id} has no attempt to rule out`);
  const reads = await ruleOut(tx, context, command, attempt, { read, notOurs });
  await ruleOutAttempts(tx, command.id, notOurs);
  if (command.type === 'payment.refund') await doubtRefund(tx, attempt.id);
  const detail = `Concluded with the API key "${by}": Conomy did nothing for it. Reason: ${reason}`;
  await markConcluded(tx, command.id, { code: 'not_made', detail });
  return { ...(await endFollowers(tx, command, 'rejected')), reads };
}

/** @throws {RefusedError} where what was read may be the effect. */
async function ruleOut(
  tx: PoolClient,
  context: ReadContext,
  command: ConcludableCommand,
  attempt: ConcludedAttempt,
  { read, notOurs }: { read: ReadForConclusion; notOurs: readonly string[] },
): Promise<Offer<'reads'>[]> {
  switch (operationOf(command)) {
    case 'refund':
      return ruleOutRefund(tx, context, command, attempt, { refunds: read.refunds ?? [], notOurs });
    case 'create':
    case 'create_attempt':
      return ruleOutCreate(tx, command, attempt, notOurs);
    default:
      if (read.payment === null) throw new Error(`no payment was read to conclude command ${command.id}`);
      refuse(refuseRuledOut(command, effectOf(read.payment)));
      return [];
  }
}

/** By a whole scan, and by what deliveries named meanwhile; what another create of ours made is not its payment. */
async function ruleOutCreate(
  tx: PoolClient,
  command: ConcludableCommand,
  attempt: ConcludedAttempt,
  notOurs: readonly string[],
): Promise<Offer<'reads'>[]> {
  const scan = await findOperatorScan(tx, attempt.id, attempt.notBefore);
  if (!scan?.counts)
    refuse({
      code: 'not_parked',
      detail: 'The scan of the account counts no longer. Send the same request again.',
    });
  const told = await findToldIds(tx, command.asked?.externalId ?? '', NOT_OURS_MAX + 1);
  const shown = [...new Set([...(scan?.shown ?? []), ...told])];
  const claimed = await findCreatedIds(tx, shown);
  refuse(
    refuseCreateRuledOut(
      shown.filter((id) => !claimed.has(id)),
      notOurs,
    ),
  );
  await dropOperatorScan(tx, attempt.id);
  return [];
}

/** Every refund that was listed is mirrored first, so that each that comes later is known to be late. */
async function ruleOutRefund(
  tx: PoolClient,
  context: ReadContext,
  command: ConcludableCommand,
  attempt: ConcludedAttempt,
  { refunds, notOurs }: { refunds: readonly ObservedPayment[]; notOurs: readonly string[] },
): Promise<Offer<'reads'>[]> {
  const reads: Offer<'reads'>[] = [];
  for (const refund of refunds) {
    const mirrored = await mirrorRefundChild(tx, context, command, refund, 'read');
    if (mirrored === null && !notOurs.includes(refund.id))
      refuse({
        code: 'effect_may_exist',
        detail: `Conomy lists ${refund.id} as a refund of this payment, and it is mirrored as something else.`,
        ids: [refund.id],
      });
    if (mirrored?.read) reads.push(mirrored.read);
  }
  await takeWaitingRefunds(tx, command.paymentKey);
  refuse(refuseRefundRuledOut(attempt, await findRefundChildren(tx, command.paymentKey), notOurs));
  return reads;
}

/**
 * Conomy has confirmed that a refund which was ruled out will never be made: its amount is free again. One that was made
 * after all is bound to it by the list, and told; that stays, whatever is answered.
 */
export async function confirmNotMade(
  tx: PoolClient,
  context: ReadContext,
  command: ConcludableCommand,
  read: ReadForConclusion,
): Promise<Written> {
  await lockPayment(tx, command.paymentKey);
  const reads: Offer<'reads'>[] = [];
  for (const refund of read.refunds ?? []) {
    const mirrored = await mirrorRefundChild(tx, context, command, refund, 'read');
    if (mirrored?.read) reads.push(mirrored.read);
  }
  let isEnded = false;
  for (const { id } of command.attempts) isEnded = (await endDoubt(tx, id)) || isEnded;
  if (isEnded) return { commandJobs: [], reads };
  const made = (await findRefundChildren(tx, command.paymentKey)).filter(({ attemptId }) =>
    command.attempts.some(({ id }) => id === attemptId),
  );
  const refusal = refuseConfirmed(made.map(({ conomyId }) => conomyId));
  return { commandJobs: [], reads, refusal };
}
