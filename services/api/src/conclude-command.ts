import {
  type ConcludableCommand,
  type Conclusion,
  countStepsLeft,
  findConcludable,
  holdConcludable,
  markConcluded,
  recordConclusion,
} from '@capstan/shared/db/conclusions';
import type { PoolClient } from '@capstan/shared/db/pool';
import { inTransaction, violates } from '@capstan/shared/db/transaction';
import {
  type ConcludedOutcome,
  type ConcludeRefusal,
  refuseByRows,
  stepsAfter,
} from '@capstan/shared/domain/conclude';
import type { Operation } from '@capstan/shared/domain/payment-command';
import type { ReadContext } from '@capstan/shared/mirror/read-payment';
import type { Offer } from '@capstan/shared/queue/catalogue';
import { concludeMade } from './conclude-made.ts';
import { concludeNotMade, confirmNotMade } from './conclude-not-made.ts';
import {
  type ConcludeContext,
  type ConcludeRequest,
  endFollowers,
  refuse,
  type Written,
} from './conclusion.ts';
import { RefusedError, unknownCommand } from './problem.ts';
import { type ReadForConclusion, readForConclusion } from './read-for-conclusion.ts';

export interface ConcludeResult {
  paymentKey: string;
  commandJobs: Offer<'commands'>[];
  reads: Offer<'reads'>[];
  preview: ConclusionPreview;
}

/** Before it is told that it is refused all the same, with what was read kept. */
type Concluded = ConcludeResult & { refusal: ConcludeRefusal | null };

/** What a conclusion comes to. */
export interface ConclusionPreview {
  outcome: ConcludedOutcome;
  /** What was read for it. */
  read: { id: string; status: string }[];
  /** How the command is then. */
  status: string;
  /** Steps of it that are then sent. */
  steps: Operation[];
  /** Commands behind it that run then. */
  commands: string[];
  /** Calls that are left of it and of those, each with one effect at most. */
  effectsAtMost: number;
}

/**
 * Ends what is parked by the word of a person, or has it go on, always after a fresh read in the same request; with who,
 * why and on what on record. A preview is the conclusion itself, rolled back.
 * @throws {RefusedError} `command_not_found`, `unavailable` with nothing written, or why it is not concluded like this.
 */
export async function concludeCommand(
  context: ConcludeContext,
  request: ConcludeRequest,
): Promise<ConcludeResult> {
  const before = await findConcludable(context.pool, request.commandId);
  if (before === null) throw new RefusedError(unknownCommand);
  refuse(refuseByRows(before, request.outcome));
  const read = await readForConclusion(context, before, request);
  const { refusal, ...result } = await conclude(context, request, { before, read });
  refuse(refusal);
  return result;
}

async function conclude(
  context: ConcludeContext,
  request: ConcludeRequest,
  known: { before: ConcludableCommand; read: ReadForConclusion },
): Promise<Concluded> {
  try {
    return await inTransaction(context.pool, async (tx) => {
      const result = await concludeUnderLock(tx, context, request, known);
      if (request.isPreview) throw new RolledBack(result);
      return result;
    });
  } catch (error) {
    if (error instanceof RolledBack) return error.result;
    throw refusalOfViolation(error) ?? error;
  }
}

/** Carries the result of a preview out of the transaction that it undoes. */
class RolledBack extends Error {
  readonly result: Concluded;

  constructor(result: Concluded) {
    super('a preview leaves nothing behind');
    this.result = result;
  }
}

async function concludeUnderLock(
  tx: PoolClient,
  context: ReadContext,
  request: ConcludeRequest,
  { before, read }: { before: ConcludableCommand; read: ReadForConclusion },
): Promise<Concluded> {
  const command = await holdConcludable(tx, request.commandId);
  if (command === null) throw new Error(`command ${request.commandId} vanished`);
  if (command.epoch !== before.epoch || command.status !== before.status) throw moved();
  refuse(refuseByRows(command, request.outcome));
  const { refusal = null, ...written } = await write(tx, context, request, command, read);
  if (refusal === null) await recordConclusion(tx, command, conclusionOf(request, read));
  const { rows } = await tx.query<{ status: string }>('select status from commands where id = $1::uuid', [
    command.id,
  ]);
  const steps = stepsAfter(command, request.outcome);
  const behind = written.commandJobs.map(({ data }) => data.commandId).filter((id) => id !== command.id);
  const preview = {
    outcome: request.outcome,
    read: readsOf(read).map(({ id, status }) => ({ id, status })),
    status: rows[0]?.status ?? command.status,
    steps,
    commands: behind,
    effectsAtMost: await countStepsLeft(
      tx,
      rows[0]?.status === 'executing' ? [command.id, ...behind] : behind,
    ),
  };
  return { paymentKey: command.paymentKey, ...written, preview, refusal };
}

function write(
  tx: PoolClient,
  context: ReadContext,
  request: ConcludeRequest,
  command: ConcludableCommand,
  read: ReadForConclusion,
): Promise<Written> {
  switch (request.outcome) {
    case 'made':
    case 'choose':
      return concludeMade(tx, context, command, read, request);
    case 'not_made':
      return concludeNotMade(tx, context, command, read, request);
    case 'confirmed_not_made':
      return confirmNotMade(tx, context, command, read);
    case 'give_up':
      return giveUp(tx, command, request);
  }
}

async function giveUp(
  tx: PoolClient,
  command: ConcludableCommand,
  { by, reason }: ConcludeRequest,
): Promise<Written> {
  const detail = `Given up with the API key "${by}", without a claim about money. Reason: ${reason}`;
  await markConcluded(tx, command.id, { code: 'given_up', detail });
  return endFollowers(tx, command, 'rejected');
}

function conclusionOf(request: ConcludeRequest, read: ReadForConclusion): Conclusion {
  const { outcome, by, reason, paymentId, notOurs } = request;
  const evidence = {
    read: readsOf(read).map(({ id, status, totalAmount, currency }) => ({
      id,
      status,
      totalAmount,
      currency,
    })),
    ...(paymentId === undefined ? {} : { paymentId }),
    ...(notOurs.length === 0 ? {} : { notOurs }),
  };
  return { outcome, by, reason, evidence };
}

function readsOf({ payment, others, refunds }: ReadForConclusion) {
  return [...(payment === null ? [] : [payment]), ...others, ...(refunds ?? [])];
}

function moved(): RefusedError {
  return new RefusedError({
    code: 'not_parked',
    detail:
      'The command moved while Conomy was read for it: somebody redrove or concluded it. Look at it again.',
  });
}

/** What another transaction did at the same moment, told by a constraint. */
function refusalOfViolation(error: unknown): RefusedError | null {
  if (violates(error, 'payments_conomy_id_key')) {
    const detail = 'The payment was mirrored at this very moment. Nothing was written; send it again.';
    return new RefusedError({ code: 'unavailable', detail });
  }
  if (violates(error, 'attempts_one_success_per_payment')) {
    const detail = 'Another command of this payment has taken the same step, so this one did not.';
    return new RefusedError({ code: 'effect_not_seen', detail });
  }
  return null;
}
