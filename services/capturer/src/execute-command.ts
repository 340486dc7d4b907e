import { markAttemptAbandoned } from '@capstan/shared/db/attempts';
import { ClaimLostError, claimCommand } from '@capstan/shared/db/claims';
import { inTransaction } from '@capstan/shared/db/transaction';
import type { CapturerContext } from './context.ts';
import { proceed, statusDuring, type Turn, wait } from './proceed.ts';
import { publish } from './publish.ts';
import { readBeforeActing } from './read-before-acting.ts';
import { readBeforeRefund } from './read-before-refund.ts';
import { recordUnderClaim } from './record-under-claim.ts';
import { resolveUnknown } from './resolve-unknown.ts';
import { scanForOperator } from './scan-for-operator.ts';
import { sendStep } from './send-step.ts';

/**
 * Executes one command as far as it goes: claim → (read if unknown) → call → classify → record, step after step
 * under one claim. Runs for every job, including jobs that come twice, late or for nothing.
 *
 * A payment that is created and captured costs three commits here: claim and first attempt row; outcome of the
 * create, mirror and second attempt row; outcome of the capture, mirror and end.
 *
 * A command that has to read leaves its slot to others and goes on beside them.
 */
export async function executeCommand(context: CapturerContext, commandId: string): Promise<void> {
  let reading: Turn | null = null;
  let hasTurn = true;
  await fenced(context, commandId, async () => {
    let turn = await claimTurn(context, commandId);
    hasTurn = turn !== null;
    while (turn?.action.kind === 'send') turn = await takeTurn(context, turn);
    reading = turn;
  });
  if (reading !== null) await readBeside(context, commandId, reading);
  if (!hasTurn) await scanForOperator(context, commandId);
}

async function readBeside(context: CapturerContext, commandId: string, reading: Turn): Promise<void> {
  const begun = context.readers.begin(commandId, () =>
    fenced(context, commandId, async () => {
      for (let turn: Turn | null = reading; turn !== null; ) turn = await takeTurn(context, turn);
    }),
  );
  await (begun ?? fenced(context, commandId, () => giveBack(context, reading)));
}

/** Too many read already; nothing was begun. */
async function giveBack(context: CapturerContext, { command, action }: Turn): Promise<void> {
  const status = statusDuring(command, action);
  const dueMs = context.timings.readPlaceMs * (0.5 + context.random());
  await recordUnderClaim(context, command, async (tx) => ({
    ...(await wait(tx, command, status, dueMs)),
    read: null,
  }));
}

/** Who lost its claim writes nothing more and stops. */
async function fenced(context: CapturerContext, commandId: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ClaimLostError)) throw error;
    context.log.warn(
      { event: 'command.claim_lost', commandId },
      'another capturer took over; this one wrote nothing more',
    );
  }
}

/** One commit: the claim, the decision and the attempt row of the first call. Null when there is nothing to do. */
async function claimTurn(context: CapturerContext, commandId: string): Promise<Turn | null> {
  const claimedAtMs = context.monotonicMs();
  const claimed = await inTransaction(context.pool, async (tx) => {
    const { worker, timings } = context;
    const claim = { id: commandId, worker, leaseMs: timings.sendLeaseMs, nowMs: claimedAtMs };
    const command = await claimCommand(tx, claim);
    if (command === null) return null;
    if (command.attempt?.outcome === null) await markAttemptAbandoned(tx, command.attempt.id);
    const next = await proceed(tx, command, {
      ...context,
      claimedAtMs,
      statusIsFresh: false,
      claimIsNew: true,
    });
    return { command, next };
  });
  return claimed === null ? null : publish(context, claimed.command, { ...claimed.next, read: null });
}

function takeTurn(context: CapturerContext, turn: Turn): Promise<Turn | null> {
  const { command, action, claimedAtMs } = turn;
  switch (action.kind) {
    case 'send':
      return sendStep(context, { command, action, claimedAtMs });
    case 'resolve':
      return resolveUnknown(context, command, action.attemptId);
    case 'read':
      return command.type === 'payment.refund'
        ? readBeforeRefund(context, command)
        : readBeforeActing(context, command);
  }
}
