import { parkOpenAttempts } from '@capstan/shared/db/attempts';
import type { ClaimedCommand, CommandProblem } from '@capstan/shared/db/commands';
import { reviveUnmatchedDeliveries } from '@capstan/shared/db/deliveries';
import { lockPayment } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import { inTransaction, violates } from '@capstan/shared/db/transaction';
import type { ObservationSource } from '@capstan/shared/domain/mirror-move';
import { observePayment } from '@capstan/shared/mirror/observe-payment';
import type { ObservedPayment } from '@capstan/shared/provider/payment-provider';
import type { Offer } from '@capstan/shared/queue/catalogue';
import type { CapturerContext } from './context.ts';
import { end, type Turn } from './proceed.ts';
import { publish, type Recorded } from './publish.ts';

/**
 * Commits what a call or read came to and publishes it. `record` is told the monotonic time from which a renewed
 * claim counts. When the payment turns out to be mirrored under another key already, the command is parked: two
 * keys, one payment, and only a person can say which command counts.
 */
export async function recordUnderClaim(
  context: CapturerContext,
  command: ClaimedCommand,
  record: (tx: PoolClient, claimedAtMs: number) => Promise<Recorded>,
): Promise<Turn | null> {
  const claimedAtMs = context.monotonicMs();
  try {
    return await publish(
      context,
      command,
      await inTransaction(context.pool, (tx) => record(tx, claimedAtMs)),
    );
  } catch (error) {
    if (!violates(error, 'payments_conomy_id_key')) throw error;
    return publish(context, command, await parkAsSecondKey(context, command));
  }
}

function parkAsSecondKey(context: CapturerContext, command: ClaimedCommand): Promise<Recorded> {
  const problem: CommandProblem = {
    code: 'payment_known_under_other_key',
    detail:
      'The Conomy payment of this command is mirrored under another key already. Decide which command counts.',
  };
  return inTransaction(context.pool, async (tx) => {
    await parkOpenAttempts(tx, command.id);
    return { ...(await end(tx, command, 'parked', problem)), read: null };
  });
}

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
  const { totalAmount, currency } = told;
  const sourceId = from.attemptId === null ? null : String(from.attemptId);
  const facts = {
    source: from.source,
    status: told.status,
    conomyId: told.id,
    totalAmount,
    currency,
    snapshot: told.raw,
    sourceId,
  };
  const { move, read } = await observePayment(tx, payment, facts, context.random());
  if (payment.conomyId === null) await reviveUnmatchedDeliveries(tx, told.id);
  const paymentStatus = move.kind === 'moved' ? move.to : payment.status;
  return { command: { ...command, conomyId: told.id, paymentStatus }, read };
}
