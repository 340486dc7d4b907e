import {
  type DiscrepancyEnd,
  type DiscrepancyRow,
  endDiscrepancy,
  findDiscrepancy,
} from '@capstan/shared/db/discrepancies';
import { releaseHeldByAmount } from '@capstan/shared/db/interventions';
import { findPayment, lockPayment, type PaymentRow } from '@capstan/shared/db/payments';
import { inTransaction } from '@capstan/shared/db/transaction';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import { adoptAsTold } from '@capstan/shared/mirror/adopt-payment';
import { factsOf, type ObservationResult, observePayment } from '@capstan/shared/mirror/observe-payment';
import { askFor, type ReadContext, readMirroredPayment } from '@capstan/shared/mirror/read-payment';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { notRead, RefusedError, unknownDiscrepancy } from './problem.ts';

/** What a person decided about a discrepancy, and who. */
export interface Resolution {
  id: string;
  action: 'accept' | 'explain' | 'repair';
  by: string;
  reason: string;
}

/**
 * Ends an open discrepancy by the word of a person: accepted as it is, explained, or repaired, which reads at Conomy first
 * and ends it only when both sides agree afterwards. The end of an `amount_differs` lets the commands go on that it held.
 * @throws {RefusedError} `discrepancy_not_found`, `not_resolvable`, or `unavailable` when the read failed.
 */
export async function resolveDiscrepancy(
  context: ReadContext,
  resolution: Resolution,
): Promise<DiscrepancyRow> {
  const found = await findDiscrepancy(context.pool, resolution.id);
  if (found === null) throw new RefusedError(unknownDiscrepancy);
  if (found.status !== 'open') throw notResolvable(`It is ${found.status} already.`);
  switch (resolution.action) {
    case 'accept':
      return end(context, found, { ...resolution, status: 'accepted' });
    case 'explain':
      return end(context, found, { ...resolution, status: 'explained' });
    case 'repair':
      return repair(context, found, resolution);
  }
}

async function repair(
  context: ReadContext,
  found: DiscrepancyRow,
  resolution: Resolution,
): Promise<DiscrepancyRow> {
  const how = DISCREPANCIES[found.kind].repair;
  switch (how) {
    case null:
      throw notResolvable(`Capstan cannot repair ${found.kind}; accept it or explain it.`);
    case 'take_status':
      return takeStatus(context, found, resolution);
    case 'read':
      return readAgain(context, found, resolution);
    case 'adopt':
      return adopt(context, found, resolution);
  }
}

const OVERTAKEN =
  'The mirror moved while Conomy was read for it, so which of the two is newer cannot be told. Look at it again.';

/** The mirror takes what a read tells now, out of a final state too; never what is older than its last move. */
async function takeStatus(context: ReadContext, found: DiscrepancyRow, resolution: Resolution) {
  const before = await mirrored(context, found);
  const told = await readNow(context, before);
  const { observed, ended } = await inTransaction(context.pool, async (tx) => {
    const payment = found.paymentKey === null ? null : await lockPayment(tx, found.paymentKey);
    if (payment === null) throw new Error(`the discrepancy ${found.id} is of no mirrored payment`);
    const taken = await observePayment(
      tx,
      payment,
      { ...factsOf(told), source: 'operator', sourceId: found.id, askedAtVersion: before.version },
      context.random(),
    );
    if (taken.move.kind === 'read') throw notResolvable(OVERTAKEN);
    const status = taken.move.kind === 'moved' ? 'repaired' : 'explained';
    return { observed: taken, ended: await endDiscrepancy(tx, found.id, { ...resolution, status }) };
  });
  await publish(context, found.paymentKey, observed);
  return ended ?? current(context, found.id);
}

async function readAgain(context: ReadContext, found: DiscrepancyRow, resolution: Resolution) {
  const payment = await mirrored(context, found);
  const failure = await readMirroredPayment(context, payment);
  if (failure !== null) throw new RefusedError(notRead(failure));
  const after = await current(context, found.id);
  if (after.status !== 'open') return after;
  const mirror = await mirrored(context, found);
  if (!agrees(after, mirror)) throw notResolvable('It was read again, and both sides still disagree.');
  return end(context, found, { ...resolution, status: 'repaired' });
}

/** Whether the mirror, just read, says what Conomy was found to say; what ends by itself would have ended. */
function agrees({ kind, field, provider }: DiscrepancyRow, mirror: PaymentRow): boolean {
  switch (kind) {
    case 'status_differs':
      return mirror.status === provider.value.status;
    case 'field_differs':
      return field !== null && String(mirror.snapshot[field]) === String(provider.value[field]);
    case 'missing_there':
      return true;
    default:
      return false;
  }
}

async function adopt(context: ReadContext, found: DiscrepancyRow, resolution: Resolution) {
  if (found.conomyId === null)
    throw notResolvable('Conomy has told no id by which the payment could be read.');
  const told = await readNow(context, { kind: 'payment', conomyId: found.conomyId });
  await adoptAsTold(context, told);
  return end(context, found, { ...resolution, status: 'repaired' });
}

async function readNow(
  { provider }: ReadContext,
  payment: Parameters<typeof askFor>[1],
): Promise<ObservedPayment> {
  const read = await askFor(provider, payment);
  if (!read.ok) throw new RefusedError(notRead(read.failure));
  return read.value;
}

async function mirrored({ pool }: ReadContext, { id, paymentKey }: DiscrepancyRow) {
  const payment = paymentKey === null ? null : await findPayment(pool, paymentKey);
  if (payment === null || payment.conomyId === null)
    throw notResolvable(`The discrepancy ${id} is of no payment that can be read.`);
  return { ...payment, conomyId: payment.conomyId };
}

async function end(
  context: ReadContext,
  found: DiscrepancyRow,
  { status, by, reason }: DiscrepancyEnd,
): Promise<DiscrepancyRow> {
  const ended = await inTransaction(context.pool, async (tx) => {
    const { kind, paymentKey } = found;
    const holds = kind === 'amount_differs' && paymentKey !== null;
    // A capturer parks a held step under the same lock: either it sees the end, or its command is let go here.
    if (holds) await lockPayment(tx, paymentKey);
    const row = await endDiscrepancy(tx, found.id, { status, by, reason });
    if (holds && row !== null) await releaseHeldByAmount(tx, paymentKey, { by, reason });
    return row;
  });
  return ended ?? current(context, found.id);
}

/** As it stands now: somebody else may have ended it meanwhile. */
async function current({ pool }: ReadContext, id: string): Promise<DiscrepancyRow> {
  const now = await findDiscrepancy(pool, id);
  if (now === null) throw new Error(`the discrepancy ${id} vanished`);
  return now;
}

async function publish(
  context: ReadContext,
  paymentKey: string | null,
  { read }: Pick<ObservationResult, 'read'>,
): Promise<void> {
  if (paymentKey !== null) context.progress.announce(paymentKey);
  if (read !== null) await context.reads.offer([read]);
}

function notResolvable(detail: string): RefusedError {
  return new RefusedError({ code: 'not_resolvable', detail });
}
