import { beginAttempt } from '@capstan/shared/db/attempts';
import { type ClaimedCommand, continueCommand, deferCommand, endCommand } from '@capstan/shared/db/claims';
import type { CommandProblem } from '@capstan/shared/db/commands';
import { lockAmountDifference } from '@capstan/shared/db/discrepancies';
import { settleFollowers } from '@capstan/shared/db/followers';
import type { PoolClient } from '@capstan/shared/db/pool';
import { releaseRefundReservation } from '@capstan/shared/db/refunds';
import { isAttemptOpen } from '@capstan/shared/domain/attempt';
import type { WaitsFor } from '@capstan/shared/domain/command-status';
import { reviewReadMs } from '@capstan/shared/domain/read-schedule';
import type { ProviderGate } from '@capstan/shared/provider/gate/provider-gate';
import { commandJob, DIRECT_OFFER_MS_MAX, type Offer, RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import { countFailure } from './count-failure.ts';
import { AMOUNT_DIFFERS, decideNext, isHeldByReview, type NextAction } from './decide-next.ts';
import type { CapturerTimings } from './timings.ts';

/** A call whose attempt row is written. */
export type SendAction = Extract<NextAction, { kind: 'send' }> & { attemptId: number };

/** One call or read that a capturer is about to make under its claim. */
export interface Turn {
  command: ClaimedCommand;
  action: SendAction | Extract<NextAction, { kind: 'resolve' | 'read' }>;
  /** Monotonic milliseconds at which the claim was taken or renewed, measured before the database did it. */
  claimedAtMs: number;
}

/** What a transaction decided: the next call, and what to tell others once it is committed. */
export interface Proceeding {
  turn: Turn | null;
  commandJobs: Offer<'commands'>[];
  /** How the command ended, for the log line. */
  ended: { status: string; code: string | null } | null;
}

export interface ProceedContext {
  worker: string;
  timings: CapturerTimings;
  gate: ProviderGate;
  claimedAtMs: number;
  /** In [0, 1). */
  random: () => number;
  /** Milliseconds of the clock of `notAfterAtMs`. */
  monotonicMs: () => number;
  /** The status was told by the provider under this claim. */
  statusIsFresh: boolean;
  /** The claim was taken in this same transaction: its row is as it should be and its lease is new. */
  claimIsNew: boolean;
}

/**
 * Decides what comes next for a claimed command and writes it: the attempt row of the next call and a renewed
 * claim, a wait, or the end with what it means for the commands behind. Part of the caller's transaction.
 */
export async function proceed(
  tx: PoolClient,
  command: ClaimedCommand,
  context: ProceedContext,
): Promise<Proceeding> {
  const deadlinePassed = isPastDeadline(command, context.monotonicMs());
  const { stepsDone, action } = decideNext({ ...command, deadlinePassed }, context.statusIsFresh);
  const at: ClaimedCommand =
    stepsDone === command.stepsDone
      ? command
      : { ...command, stepsDone, attempt: null, failures: 0, tries: 0 };
  switch (action.kind) {
    case 'send':
    case 'resolve':
    case 'read':
      return beginTurn(tx, at, action, { ...context, claimIsNew: context.claimIsNew && at === command });
    case 'wait':
      return waitForReview(tx, at, context);
    case 'end':
      // Whoever accepted the difference since the claim found nothing parked to let go.
      if (action.problem === AMOUNT_DIFFERS && !(await lockAmountDifference(tx, at.paymentKey)))
        return proceed(tx, { ...at, amountDiffers: false }, context);
      return end(tx, at, action.status, action.problem);
  }
}

/** Whether no byte of the command may leave any more. */
export function isPastDeadline({ notAfterAtMs }: ClaimedCommand, nowMs: number): boolean {
  return notAfterAtMs !== null && nowMs >= notAfterAtMs;
}

async function beginTurn(
  tx: PoolClient,
  command: ClaimedCommand,
  action: Extract<NextAction, { kind: 'send' | 'resolve' | 'read' }>,
  { worker, timings, gate, claimedAtMs, claimIsNew, statusIsFresh }: ProceedContext,
): Promise<Proceeding> {
  const admission =
    action.kind === 'send'
      ? await gate.admitWrite(tx, { ...command, operation: action.operation, commandType: command.type })
      : await gate.admitRead(tx);
  const status = statusDuring(command, action);
  if (!admission.admitted) return wait(tx, command, status, admission.waitMs, admission.waitsFor);
  const turn = (begun: Turn['action'], by = command) => ({
    turn: { command: by, action: begun, claimedAtMs },
    commandJobs: [],
    ended: null,
  });
  if (action.kind !== 'send') {
    await continueCommand(tx, command, { status, leaseMs: timings.readLeaseMs });
    return turn(action);
  }
  const counted = await countFailure(tx, command);
  const { action: still } = decideNext(counted, statusIsFresh);
  if (still.kind === 'end') return end(tx, counted, still.status, still.problem);
  if (!claimIsNew || counted !== command)
    await continueCommand(tx, counted, { status: 'executing', leaseMs: timings.sendLeaseMs });
  const callMsMax = timings.sendWindowMs + timings.callMsMax;
  const documentationBefore = action.operation === 'submit_document' ? command.documentationStatus : null;
  const attempt = { ...action, worker, callMsMax, documentationBefore };
  const attemptId = await beginAttempt(tx, command, attempt);
  return turn({ ...action, attemptId }, counted);
}

/** What a command is while a turn of it is made or waits to be; a step that a review holds is known to be held. */
export function statusDuring(
  command: ClaimedCommand,
  action: Turn['action'] | NextAction,
): 'executing' | 'unresolved' {
  const isKnown = action.kind !== 'resolve' || isHeldByReview(command, action.operation);
  return isKnown ? 'executing' : 'unresolved';
}

/** Gives the claim back; a short wait is a delayed job, a long one is left to the relay. */
export async function wait(
  tx: PoolClient,
  command: ClaimedCommand,
  status: 'executing' | 'unresolved',
  dueMs: number,
  waitsFor: WaitsFor | null = null,
): Promise<Proceeding> {
  const direct = dueMs <= DIRECT_OFFER_MS_MAX;
  await deferCommand(tx, command, { status, dueMs, graceMs: direct ? RELAY_GRACE_MS : 0, waitsFor });
  return {
    turn: null,
    commandJobs: direct ? [commandJob(command.id, command.epoch, dueMs)] : [],
    ended: null,
  };
}

/** Gives the claim back until the payment under review is looked at again. */
export function waitForReview(
  tx: PoolClient,
  command: ClaimedCommand,
  { random }: Pick<ProceedContext, 'random'>,
): Promise<Proceeding> {
  return wait(tx, command, 'executing', reviewReadMs(command.paymentAgeMs, random()), 'review');
}

/** Ends the command and lets the commands behind it run, or end with it when there will be no payment. */
export async function end(
  tx: PoolClient,
  command: ClaimedCommand,
  status: 'succeeded' | 'rejected' | 'canceled' | 'parked',
  problem: CommandProblem | null,
): Promise<Proceeding> {
  await endCommand(tx, command, { status, problem });
  const ended = { status, code: problem?.code ?? null };
  if (status === 'parked') {
    const { type, attempt, paymentKey } = command;
    // What nothing was sent for counts for nothing while a person thinks.
    if (type === 'payment.refund' && (attempt === null || !isAttemptOpen(attempt)))
      await releaseRefundReservation(tx, paymentKey);
    return { turn: null, commandJobs: [], ended };
  }
  const followers = await settleFollowers(tx, { ...command, status }, RELAY_GRACE_MS);
  return { turn: null, commandJobs: followers.map(({ id, epoch }) => commandJob(id, epoch)), ended };
}

/** The picture of the command once its current step is done. */
export function nextStep(command: ClaimedCommand): ClaimedCommand {
  return { ...command, stepsDone: command.stepsDone + 1, attempt: null, failures: 0, tries: 0 };
}
