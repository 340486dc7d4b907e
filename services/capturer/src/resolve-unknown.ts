import { resolveAttempt } from '@capstan/shared/db/attempts';
import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { PoolClient } from '@capstan/shared/db/pool';
import { isScanAnswered } from '@capstan/shared/db/scans';
import { addAttemptRead, loadUnknownAttempt, type UnknownAttempt } from '@capstan/shared/db/unknown-attempts';
import { mirrorRefundChild } from '@capstan/shared/mirror/mirror-refund-child';
import { type Conclusion, concludeUnknown, type Evidence } from './conclude-unknown.ts';
import type { CapturerContext } from './context.ts';
import { FAILURES_MAX } from './decide-next.ts';
import { lookForEffect } from './look-for-effect.ts';
import { judgeListedRefunds } from './look-for-refund.ts';
import { end, nextStep, type Proceeding, proceed, type Turn, wait, waitForReview } from './proceed.ts';
import { readUnderClaim } from './read-under-claim.ts';
import { mirrorWhatWasTold, recordUnderClaim } from './record-under-claim.ts';

/** Asks the provider what became of an attempt, keeps what it said as evidence and draws the conclusion. Never repeats the call. */
export async function resolveUnknown(
  context: CapturerContext,
  command: ClaimedCommand,
  attemptId: number,
): Promise<Turn | null> {
  const { absence } = context.timings;
  const attempt = await loadUnknownAttempt(context.pool, attemptId);
  const isFirst = attempt.reads === 0 || !isPastDeadline(attempt, context);
  const look = await readUnderClaim(context, command, (signal) =>
    lookForEffect(context, command, attempt, { isFirst, signal }),
  );
  if (look.kind === 'waits') return waitForScan(context, command, attemptId, look.dueMs);
  const { evidence: seen, beganAtMs, process, processMs } = look;
  return recordUnderClaim(context, command, async (tx, claimedAtMs) => {
    const { refunds } = seen;
    const evidence =
      refunds === undefined
        ? seen
        : await judgeListedRefunds(tx, context, command, attempt, { ...seen, refunds });
    const told = await mirrorEvidence(tx, context, command, evidence, attemptId);
    const answered = (evidence.answered ?? true) && evidence.finding !== 'held';
    const after = answered ? { ...told.command, tries: 0 } : told.command;
    const beganMsAgo = context.monotonicMs() - beganAtMs;
    await addAttemptRead(tx, attemptId, {
      beganMsAgo,
      process,
      processMs,
      answered,
      finding: evidence.finding,
      detail: evidence.detail,
    });
    const conclusion = concludeUnknown(
      await loadUnknownAttempt(tx, attemptId),
      evidence,
      absence,
      context.random(),
    );
    logRead(context, command, attempt, evidence, conclusion);
    const next = await recordConclusion(tx, context, after, attempt, conclusion, claimedAtMs);
    return { ...next, read: told.read };
  });
}

/** By the database's clock, or by that of this process, which first read when the call was under way at the earliest. */
function isPastDeadline(
  { pastDeadlineMs, firstReadMs, callMs }: UnknownAttempt,
  { worker, monotonicMs }: CapturerContext,
): boolean {
  const firstMs = firstReadMs[worker];
  return pastDeadlineMs >= 0 || (firstMs !== undefined && monotonicMs() - firstMs >= callMs);
}

/** The claim is given back until the scan is over; one that was over a moment ago is collected at once. */
function waitForScan(
  context: CapturerContext,
  command: ClaimedCommand,
  attemptId: number,
  dueMs: number,
): Promise<Turn | null> {
  return recordUnderClaim(context, command, async (tx) => {
    const waiting = await wait(tx, command, 'unresolved', dueMs);
    const isOver = await isScanAnswered(tx, attemptId);
    return { ...(isOver ? await wait(tx, command, 'unresolved', 0) : waiting), read: null };
  });
}

/** A payment that may not be ours never touches the mirror. */
async function mirrorEvidence(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  { finding, payment }: Evidence,
  attemptId: number,
) {
  if (command.type === 'payment.refund') {
    const child = payment && (await mirrorRefundChild(tx, context, command, payment, 'read'));
    return { command, read: child?.read ?? null };
  }
  if (payment === null || finding === 'unclear' || finding === 'in_use') return { command, read: null };
  return mirrorWhatWasTold(tx, context, command, payment, { source: 'read', attemptId });
}

async function recordConclusion(
  tx: PoolClient,
  context: CapturerContext,
  command: ClaimedCommand,
  attempt: UnknownAttempt,
  conclusion: Conclusion,
  claimedAtMs: number,
): Promise<Proceeding> {
  if (conclusion.kind === 'open') return wait(tx, command, 'unresolved', conclusion.waitMs);
  if (conclusion.kind === 'held') return waitForReview(tx, command, context);
  await resolveAttempt(tx, attempt.id, conclusion.kind);
  const proceeding = { ...context, claimedAtMs, statusIsFresh: true, claimIsNew: false };
  switch (conclusion.kind) {
    case 'succeeded':
      return proceed(tx, nextStep(command), proceeding);
    case 'retryable': {
      const failures = command.failures + (attempt.wasHeld ? 0 : 1);
      if (conclusion.refusal !== null && failures >= FAILURES_MAX)
        return end(tx, command, 'rejected', conclusion.refusal);
      const resolved = {
        id: attempt.id,
        number: attempt.number,
        outcome: 'unknown',
        resolution: 'retryable',
      } as const;
      return proceed(tx, { ...command, attempt: resolved, failures }, proceeding);
    }
    case 'rejected':
    case 'parked':
      return end(tx, command, conclusion.kind, conclusion.problem);
  }
}

function logRead(
  context: CapturerContext,
  command: ClaimedCommand,
  attempt: UnknownAttempt,
  evidence: Evidence,
  conclusion: Conclusion,
): void {
  context.log.info(
    {
      event: 'attempt.read',
      commandId: command.id,
      paymentKey: command.paymentKey,
      operation: attempt.operation,
      attempt: attempt.number,
      reads: attempt.reads + 1,
      finding: evidence.finding,
      conclusion: conclusion.kind,
    },
    `looked for the effect of ${attempt.operation}: ${evidence.finding}`,
  );
}
