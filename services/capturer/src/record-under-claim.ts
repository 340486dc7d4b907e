import { type ClaimedCommand, ClaimLostError } from '@capstan/shared/db/claims';
import { releaseWaitingForId } from '@capstan/shared/db/followers';
import { lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { SECOND_KEY, settleSecondKey } from '@capstan/shared/db/second-keys';
import { inPatientTransaction, violates } from '@capstan/shared/db/transaction';
import type { ObservationSource } from '@capstan/shared/domain/mirror-move';
import { readStatus } from '@capstan/shared/domain/payment-status';
import { factsOf, observePayment } from '@capstan/shared/mirror/observe-payment';
import { documentationStatusOf, type ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { Offer } from '@capstan/shared/queue/catalogue';
import type { CapturerContext } from './context.ts';
import type { Turn } from './proceed.ts';
import { publish, type Recorded } from './publish.ts';
import { leaseMsAfterRead } from './read-under-claim.ts';

/**
 * Commits what a call or read came to and publishes it. `record` is told the monotonic time from which a renewed
 * claim counts. While the database is away the commit is tried again for as long as the claim lasts: what is known
 * becomes unknown only when somebody else may have taken over. When the payment turns out to be mirrored under another key already, the older key has it: recorded
 * is what came of that, and the younger key's commands are parked, since only a person can say what becomes of them.
 */
export async function recordUnderClaim(
  context: CapturerContext,
  command: ClaimedCommand,
  record: (tx: PoolClient, claimedAtMs: number) => Promise<Recorded>,
  untilMs = context.monotonicMs() + leaseMsAfterRead(context.timings),
): Promise<Turn | null> {
  const { pool, monotonicMs } = context;
  const patience = { untilMs, monotonicMs };
  const commit = () => inPatientTransaction(pool, (tx) => record(tx, monotonicMs()), patience);
  try {
    return await publish(context, command, await commit());
  } catch (error) {
    if (!(error instanceof SecondKeyError)) throw error;
    const { conomyId } = error;
    const settle = (tx: PoolClient) => settleSecondKey(tx, command.paymentKey, conomyId, SECOND_KEY);
    const isOurs = await inPatientTransaction(pool, settle, patience);
    const { id: commandId, paymentKey } = command;
    context.log.error(
      { event: 'payment.second_key', commandId, paymentKey, conomyId, isOurs },
      'two keys turned out to be one Conomy payment; the commands of the younger one are parked',
    );
    return publish(context, command, isOurs ? await commit() : PARKED);
  }
}

/** The id to bind is mirrored under another key of ours. */
class SecondKeyError extends Error {
  readonly conomyId: string;

  constructor(conomyId: string, cause: unknown) {
    super(`the Conomy payment ${conomyId} is mirrored under another key`, { cause });
    this.conomyId = conomyId;
  }
}

/** What is left to do for a command that was parked by the settlement of its key. */
const PARKED: Recorded = {
  turn: null,
  commandJobs: [],
  ended: { status: 'parked', code: SECOND_KEY.code },
  read: null,
};

/** Applies what the provider told to the mirror and to the command's own picture of the payment. */
export async function mirrorWhatWasTold(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  told: ObservedPayment,
  from: { source: ObservationSource; attemptId: number | null },
): Promise<{ command: ClaimedCommand; read: Offer<'reads'> | null }> {
  const payment = await lockPayment(tx, command.paymentKey);
  if (payment === null) throw new Error(`payment ${command.paymentKey} has no row`);
  // It gave way to an older key while the call was under way, and its commands were taken from their workers.
  if (payment.duplicateOf !== null) throw new ClaimLostError(command.id, command.epoch);
  const sourceId = from.attemptId === null ? null : String(from.attemptId);
  // A mirror that moved since the claim may have moved while this was under way: then it is the older of the two.
  const askedAtVersion = payment.conomyId === null ? null : command.paymentVersion;
  const facts = { ...factsOf(told), source: from.source, sourceId, askedAtVersion, askedAtAgeMs: 0 };
  const observed = await observePayment(tx, payment, facts, context.random()).catch((error: unknown) => {
    throw violates(error, 'payments_conomy_id_key') ? new SecondKeyError(told.id, error) : error;
  });
  const { move, read, differs } = observed;
  if (differs.length > 0) return { command: { ...command, differs }, read };
  if (payment.conomyId === null) await releaseWaitingForId(tx, { key: payment.key, conomyId: told.id });
  const hasMoved = move.kind === 'moved';
  // What was overtaken moves no mirror, and is still Conomy's word to this command.
  const isOvertaken = move.kind === 'read' && move.why === 'overtaken' && !payment.final;
  const now = {
    paymentStatus: hasMoved ? move.to : isOvertaken ? readStatus(told.status) : payment.status,
    paymentAgeMs: hasMoved ? 0 : payment.ageMs,
    paymentVersion: payment.version + (hasMoved ? 1 : 0),
  };
  const documentationStatus = documentationStatusOf(told) ?? command.documentationStatus;
  const known = {
    conomyId: told.id,
    ...now,
    documentationStatus,
    differs,
    isCompared: (command.isCompared || observed.isCompared) && !observed.isAmountOpen,
    amountDiffers: command.amountDiffers || observed.discrepancies.includes('amount_differs'),
  };
  return { command: { ...command, ...known }, read };
}
