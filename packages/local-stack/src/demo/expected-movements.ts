import { type Currency, parseSendableAmount } from '@capstan/shared/domain/money';
import { type PlannedCommand, settlingBody } from './workload.ts';

type Movements = Map<string, bigint>;

/** What settled payments move, per account number: minor units, less than zero where money leaves. */
export function expectedMovements(commands: readonly PlannedCommand[]): Movements {
  const movements = takenFromAccounts(commands);
  for (const body of commands.map(settlingBody)) {
    for (const node of body?.destinations ?? []) add(movements, node, 1n);
  }
  return movements;
}

/** The same before anything has arrived anywhere: what must be there for no payment to fail. */
export function takenFromAccounts(commands: readonly PlannedCommand[]): Movements {
  const movements: Movements = new Map();
  for (const body of commands.map(settlingBody)) {
    for (const node of body?.origins ?? []) add(movements, node, -1n);
  }
  return movements;
}

interface Node {
  amount?: string | undefined;
  currency: string;
  account?: unknown;
}

/** A node without an account is the customer's own money outside Conomy. */
function add(movements: Movements, { amount, currency, account }: Node, sign: bigint): void {
  if (amount === undefined || !account) return;
  const { accountNumber } = account as { accountNumber: string };
  const { minor } = parseSendableAmount(amount, currency as Currency);
  movements.set(accountNumber, (movements.get(accountNumber) ?? 0n) + sign * minor);
}
