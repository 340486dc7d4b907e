import type { PoolClient } from 'pg';
import {
  type CommandProblem,
  type CommandRow,
  rejectBlockedCommands,
  unblockNextCommand,
} from './commands.ts';
import { lockPayment, releaseExternalId } from './payments.ts';
import { settleRefundReservation } from './refunds.ts';

/** A command that has just ended, in the same transaction. */
export type EndedCommand = Pick<CommandRow, 'id' | 'type' | 'paymentKey' | 'stepsDone'> & {
  status: 'succeeded' | 'rejected' | 'canceled';
};

/**
 * What the end of a command at work means for others: a refund gives its reservation back or uses it up; a create
 * that came to nothing frees its externalId and takes the commands waiting behind it along; otherwise the next of
 * them becomes runnable, and its job is to be offered after the commit.
 * @param graceMs how long that job has before the relay stands in.
 */
export async function settleFollowers(
  tx: PoolClient,
  command: EndedCommand,
  graceMs: number,
): Promise<{ id: string; epoch: number } | null> {
  // A command accepted meanwhile was put behind this one; under the lock it is either seen here or sees the end.
  await lockPayment(tx, command.paymentKey);
  if (command.type === 'payment.refund') {
    const outcome = command.status === 'succeeded' ? 'done' : 'released';
    await settleRefundReservation(tx, command.paymentKey, outcome);
  }
  if (command.status !== 'succeeded' && isCreate(command) && command.stepsDone === 0) {
    await rejectBlockedCommands(tx, command.paymentKey, predecessorFailed(command));
    await releaseExternalId(tx, command.paymentKey);
    return null;
  }
  return unblockNextCommand(tx, command.paymentKey, graceMs);
}

function isCreate({ type }: EndedCommand): boolean {
  return type === 'payment.create' || type === 'payment-attempt.create';
}

function predecessorFailed(command: EndedCommand): CommandProblem {
  return {
    code: 'predecessor_failed',
    detail: `The payment was never created: command ${command.id} did not succeed. Create it again, then repeat this command with a new idempotency key.`,
  };
}
