import { type Currency, parseSendableAmount } from '@capstan/shared/domain/money';
import { type PlannedCommand, settlingBody } from './workload.ts';

type Movements = Map<string, bigint>;

/** What settled payments and refunds move, per account number: minor units, less than zero where money leaves. */
export function expectedMovements(commands: readonly PlannedCommand[]): Movements {
  const movements = takenFromAccounts(commands);
  for (const moved of commands.map(movedBy)) {
    for (const node of moved?.destinations ?? []) add(movements, node, 1n);
  }
  return movements;
}

/** The same before anything has arrived anywhere: what must be there for no payment to fail. */
export function takenFromAccounts(commands: readonly PlannedCommand[]): Movements {
  const movements: Movements = new Map();
  for (const moved of commands.map(movedBy)) {
    for (const node of moved?.origins ?? []) add(movements, node, -1n);
  }
  return movements;
}

/** Between which nodes a command moves money when it ends as it should; null when it moves none. */
function movedBy(planned: PlannedCommand): { origins: Node[]; destinations: Node[] } | null {
  const { refunds, amount } = planned;
  if (!refunds) return settlingBody(planned);
  const given = (node: Node) => ({ ...node, amount });
  return { origins: refunds.destinations.map(given), destinations: refunds.origins.map(given) };
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
