import type { CommandProblem } from '@capstan/shared/db/commands';
import { settleFollowers } from '@capstan/shared/db/followers';
import { type HeldCommand, holdInLine, markCanceled } from '@capstan/shared/db/interventions';
import type { Pool } from '@capstan/shared/db/pool';
import { inTransaction } from '@capstan/shared/db/transaction';
import { hadNoEffect, hasNotLeft } from '@capstan/shared/domain/attempt';
import { isEnded } from '@capstan/shared/domain/command-status';
import { commandJob, type Offer, RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import { type Refusal, RefusedError, unknownCommand } from './problem.ts';

export interface Intervention {
  commandId: string;
  /** Name of the API key. */
  by: string;
  reason?: string;
}

/** What is to be told to others once the transaction is committed. */
export interface InterventionResult {
  paymentKey: string;
  commandJobs: Offer<'commands'>[];
}

/**
 * Cancels a command of whose current step no byte has left: nothing more is sent for it, steps that are done stay done. A parked
 * one, which is not sent again by itself, may have been sent where that certainly had no effect. Canceling it again changes nothing.
 * @throws {RefusedError} `command_not_found`, or `not_cancelable` when it has ended or a call has left or may be under way.
 */
export async function cancelCommand(pool: Pool, cancel: Intervention): Promise<InterventionResult> {
  return inTransaction(pool, async (tx) => {
    const command = await holdInLine(tx, cancel.commandId);
    if (command === null) throw new RefusedError(unknownCommand);
    const { paymentKey } = command;
    if (isCanceledByCaller(command)) return { paymentKey, commandJobs: [] };
    const refusal = whyNotCancelable(command);
    if (refusal !== null) throw new RefusedError(refusal);
    await markCanceled(tx, command, canceledByCaller(cancel));
    // What waits behind a blocked command waits for the one at work, which goes on.
    if (command.status === 'blocked') return { paymentKey, commandJobs: [] };
    const followers = await settleFollowers(tx, { ...command, status: 'canceled' }, RELAY_GRACE_MS);
    return { paymentKey, commandJobs: followers.map(({ id, epoch }) => commandJob(id, epoch)) };
  });
}

function isCanceledByCaller({ status, problem }: HeldCommand): boolean {
  return status === 'canceled' && problem?.code === 'canceled_by_caller';
}

function whyNotCancelable(command: HeldCommand): Refusal | null {
  const { status, attempts, isClaimed } = command;
  if (isEnded(status)) return notCancelable(`It has already ended as ${status}.`);
  const operation = command.steps[command.stepsDone];
  if (isClaimed)
    return notCancelable(
      `A worker holds it and may be sending its step ${operation}. Look at it again in a moment.`,
    );
  if (!attempts.every(status === 'parked' ? hadNoEffect : hasNotLeft))
    return notCancelable(
      `A call of its step ${operation} may have had its effect at Conomy, or gets it yet.`,
    );
  return null;
}

function notCancelable(why: string): Refusal {
  return { code: 'not_cancelable', detail: `The command cannot be canceled. ${why}` };
}

function canceledByCaller({ by, reason }: Intervention): CommandProblem {
  const why = reason === undefined ? '' : ` Reason: ${reason}`;
  return { code: 'canceled_by_caller', detail: `Canceled with the API key "${by}".${why}` };
}
