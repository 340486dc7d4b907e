/**
 * What an accepted command costs: one commit, shared by the whole list, and these round trips for the whole list:
 * begin; the named payments, locked; the known idempotency keys; (only when one of them exists: which are busy);
 * insert payments; insert commands; commit. That is 6 for a create, and 6 for a capture of a known payment.
 * Lists come from a batch or from single requests that arrived while the list before was being written.
 */
import {
  findBusyPayments,
  findKnownCommands,
  insertCommands,
  insertPayments,
  lockNamedPayments,
  type NamedPayment,
  type NewCommand,
} from '@capstan/shared/db/accept';
import { commitInHalves } from '@capstan/shared/db/commit-in-halves';
import type { Pool, PoolClient } from '@capstan/shared/db/pool';
import { codeOf } from '@capstan/shared/db/sqlstates';
import { inTransaction } from '@capstan/shared/db/transaction';
import { RELAY_GRACE_MS } from '@capstan/shared/queue/catalogue';
import { v7 as newId } from 'uuid';
import { type CommandView, findCommandViews } from './command-view.ts';
import {
  type Acceptance,
  type AcceptanceItem,
  type Decision,
  decideAcceptance,
  type Known,
} from './decide-acceptance.ts';
import { invalidContent, type Refusal, RefusedError } from './problem.ts';

export type Verdict =
  | { kind: 'accepted'; replayed: boolean; view: CommandView }
  | { kind: 'refused'; refusal: Refusal };

/** Concurrent lists that want the same names give way to each other; each round one of them gets through. */
const ROUNDS_MAX = 8;

const namesContested: Refusal = {
  code: 'unavailable',
  detail:
    'Other requests kept taking the same idempotency keys or externalIds, so nothing was written. Try again with the same Idempotency-Key.',
};

/** Of the one item that PostgreSQL does not take; the text of its refusal quotes data. */
function refuseUnstorable(refusal: Error): Refusal {
  const sqlState = codeOf(refusal);
  if (!UNSTORABLE.test(sqlState))
    return { code: 'internal_error', detail: `PostgreSQL refused to write the command (${sqlState}).` };
  const message = `holds something that PostgreSQL cannot store (${sqlState})`;
  return invalidContent([{ path: '', message }]);
}

/** SQLSTATE classes that are about the content alone; what contradicts other rows may be a fault of ours. */
const UNSTORABLE = /^(22|54)/;

/** Another transaction took a name between the look and the insert; nothing was written, so look again. */
class NameTakenMeanwhileError extends Error {}

/**
 * Accepts a list of commands and answers per item, in order; everything accepted is committed when it returns.
 * Items may depend on each other and are decided as if they came one after the other.
 */
export function acceptCommands(pool: Pool, items: readonly AcceptanceItem[]): Promise<Verdict[]> {
  return commitInHalves(
    items,
    (together) => acceptTogether(pool, together),
    (_item, refusal) => ({ kind: 'refused', refusal: refuseUnstorable(refusal) }),
  );
}

async function acceptTogether(pool: Pool, items: readonly AcceptanceItem[]): Promise<Verdict[]> {
  const { decisions, acceptedAt } = await acceptInRounds(pool, items);
  const fresh = new Map<string, CommandView>();
  for (const decision of decisions) {
    if (decision.kind === 'new') fresh.set(decision.command.id, viewOfNew(decision, acceptedAt));
  }
  const replayedIds = decisions.flatMap((decision) =>
    decision.kind === 'replayed' ? [decision.commandId] : [],
  );
  const older = await findCommandViews(
    pool,
    replayedIds.filter((id) => !fresh.has(id)),
  );
  return decisions.map((decision) => toVerdict(decision, (id) => fresh.get(id) ?? older.get(id)));
}

interface Accepted extends Acceptance {
  acceptedAt: ReadonlyMap<string, Date>;
}

async function acceptInRounds(pool: Pool, items: readonly AcceptanceItem[]): Promise<Accepted> {
  for (let round = 1; ; round += 1) {
    try {
      return await inTransaction(pool, (tx) => acceptOnce(tx, items));
    } catch (error) {
      if (!(error instanceof NameTakenMeanwhileError)) throw error;
      if (round === ROUNDS_MAX) throw new RefusedError(namesContested);
    }
  }
}

async function acceptOnce(tx: PoolClient, items: readonly AcceptanceItem[]): Promise<Accepted> {
  const acceptance = decideAcceptance(items, await look(tx, items), newId);
  const { newPayments, decisions } = acceptance;
  const commands = decisions.flatMap((decision) => (decision.kind === 'new' ? [decision.command] : []));
  if (newPayments.length > 0 && (await insertPayments(tx, newPayments)) < newPayments.length) {
    throw new NameTakenMeanwhileError('a payment name was taken by another transaction');
  }
  const acceptedAt = commands.length === 0 ? new Map() : await insertCommands(tx, commands, RELAY_GRACE_MS);
  if (acceptedAt.size < commands.length) {
    throw new NameTakenMeanwhileError('an idempotency key was taken by another transaction');
  }
  return { ...acceptance, acceptedAt };
}

/**
 * The payments first: whoever is seen to hold a payment has committed its command too, so the keys read after it
 * tell a repeat from a stranger. The other way round a repeat of a create could be told that its externalId is taken.
 */
async function look(tx: PoolClient, items: readonly AcceptanceItem[]): Promise<Known> {
  const payments = await lockNamedPayments(tx, namesIn(items));
  const keys = items.map(({ idempotencyKey }) => idempotencyKey);
  const { now, known } = await findKnownCommands(tx, keys);
  const paymentKeys = payments.map(({ key }) => key);
  const busyPayments = payments.length === 0 ? [] : await findBusyPayments(tx, paymentKeys);
  return { now, commands: known, payments, busyPayments };
}

function namesIn(items: readonly AcceptanceItem[]): { externalIds: string[]; conomyIds: string[] } {
  const externalIds = new Set<string>();
  const conomyIds = new Set<string>();
  for (const { command } of items) {
    if ('id' in command.payment) conomyIds.add(command.payment.id);
    else externalIds.add(command.payment.externalId);
  }
  return { externalIds: [...externalIds], conomyIds: [...conomyIds] };
}

function viewOfNew(
  { command, payment }: { command: NewCommand; payment: NamedPayment },
  acceptedAt: ReadonlyMap<string, Date>,
): CommandView {
  const at = acceptedAt.get(command.id);
  if (!at) throw new Error(`command ${command.id} was committed without a time of acceptance`);
  return {
    command: { ...command, stepsDone: 0, problem: null, acceptedAt: at, finishedAt: null },
    payment,
    asked: { ...command, refundId: null },
    attempts: [],
  };
}

function toVerdict(decision: Decision, findView: (id: string) => CommandView | undefined): Verdict {
  if (decision.kind === 'refused') return decision;
  const id = decision.kind === 'new' ? decision.command.id : decision.commandId;
  const view = findView(id);
  if (!view) throw new Error(`command ${id} vanished after it was accepted`);
  return { kind: 'accepted', replayed: decision.kind === 'replayed', view };
}
