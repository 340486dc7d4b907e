import type { PoolClient } from 'pg';
import {
  type CommandProblem,
  type CommandRow,
  rejectBlockedCommands,
  unblockNextCommands,
} from './commands.ts';
import { lockPayment, releaseExternalId } from './payments.ts';
import { releaseRefundReservation } from './refunds.ts';

/** A command that has just ended, in the same transaction. */
export type EndedCommand = Pick<CommandRow, 'id' | 'type' | 'paymentKey' | 'stepsDone'> & {
  status: 'succeeded' | 'rejected' | 'canceled';
};

/**
 * What the end of a command at work means for others: a refund reserves nothing any more; a create
 * that made nothing frees its externalId and takes the commands waiting behind it along; otherwise the next
 * becomes runnable, and its job is to be offered after the commit.
 * @param graceMs how long the jobs have before the relay stands in.
 */
export async function settleFollowers(
  tx: PoolClient,
  command: EndedCommand,
  graceMs: number,
): Promise<{ id: string; epoch: number }[]> {
  // A command accepted meanwhile was put behind this one; under the lock it is either seen here or sees the end.
  await lockPayment(tx, command.paymentKey);
  if (command.type === 'payment.refund') await releaseRefundReservation(tx, command.paymentKey);
  if (command.status !== 'succeeded' && isCreate(command) && (await madeNothing(tx, command))) {
    await rejectBlockedCommands(tx, command.paymentKey, predecessorFailed(command));
    await releaseExternalId(tx, command.paymentKey);
    return [];
  }
  return unblockNextCommands(tx, command.paymentKey, graceMs);
}

/**
 * A payment was bound to its Conomy id: deliveries that came earlier and found no payment are applied, and its first
 * document can be sent. One statement, since every create pays for it; the relay offers what it made due.
 */
export async function releaseWaitingForId(
  tx: PoolClient,
  payment: { key: string; conomyId: string },
): Promise<void> {
  await tx.query(
    `with revived as (
       update webhook_deliveries set offer_at = capstan_now() where conomy_id = $2::text and result = 'unmatched'
     )
     update commands set status = 'accepted', due_at = capstan_now(), offer_at = capstan_now()
     where id = (
       select id from commands
       where payment_key = $1::uuid and status = 'blocked' and type = 'payment.submit-document'
       order by position limit 1
     )`,
    [payment.key, payment.conomyId],
  );
}

/** No id is bound, and of no call of it can anybody say that it did something. */
async function madeNothing(tx: PoolClient, { id, paymentKey, stepsDone }: EndedCommand): Promise<boolean> {
  if (stepsDone > 0) return false;
  const { rowCount } = await tx.query(
    `select from payments p where p.key = $2::uuid and p.conomy_id is null and not exists (
       select from attempts a where a.command_id = $1::uuid
         and (a.outcome is null or (a.outcome = 'unknown' and coalesce(a.resolution, 'parked') in ('parked', 'ruled_out')))
     )`,
    [id, paymentKey],
  );
  return rowCount === 1;
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
