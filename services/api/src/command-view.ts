import type { NamedPayment } from '@capstan/shared/db/accept';
import { type AttemptRow, findAttemptsOfCommands } from '@capstan/shared/db/attempts';
import { type AskedCommand, type CommandRow, findAsked, findCommands } from '@capstan/shared/db/commands';
import { findPayments } from '@capstan/shared/db/payments';
import type { Pool } from '@capstan/shared/db/pool';
import type { Operation } from '@capstan/shared/domain/payment-command';

/** A command with everything its answer shows. */
export interface CommandView {
  command: Pick<
    CommandRow,
    | 'id'
    | 'type'
    | 'status'
    | 'idempotencyKey'
    | 'paymentKey'
    | 'stepsDone'
    | 'problem'
    | 'acceptedAt'
    | 'finishedAt'
  > & {
    notAfter: Date | string | null;
  } & Partial<Pick<CommandRow, 'waitsFor'>> & { steps: readonly Operation[] };
  payment: NamedPayment;
  asked: Omit<AskedCommand, 'id'>;
  attempts: readonly AttemptRow[];
}

/**
 * Reads commands with their payments and attempts. The command is read first: what is read after it is at least as
 * new, so a command that has ended never shows without its last attempt.
 */
export async function findCommandViews(
  pool: Pool,
  ids: readonly string[],
): Promise<Map<string, CommandView>> {
  if (ids.length === 0) return new Map();
  const commands = await findCommands(pool, ids);
  const [payments, attempts, asked] = await Promise.all([
    findPayments(pool, [...new Set(commands.map(({ paymentKey }) => paymentKey))]),
    findAttemptsOfCommands(pool, ids),
    findAsked(pool, ids),
  ]);
  const paymentByKey = new Map(payments.map((payment) => [payment.key, payment]));
  const askedById = new Map(asked.map((one) => [one.id, one]));
  const attemptsById = Map.groupBy(attempts, ({ commandId }) => commandId);
  return new Map(
    commands.map((command) => {
      const payment = paymentByKey.get(command.paymentKey);
      const askedFor = askedById.get(command.id);
      if (!payment || !askedFor)
        throw new Error(`command ${command.id} has no payment ${command.paymentKey}`);
      return [
        command.id,
        { command, payment, asked: askedFor, attempts: attemptsById.get(command.id) ?? [] },
      ];
    }),
  );
}

export async function findCommandView(pool: Pool, id: string): Promise<CommandView | null> {
  return (await findCommandViews(pool, [id])).get(id) ?? null;
}
