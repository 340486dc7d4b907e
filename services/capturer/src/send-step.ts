import { finishAttempt, followsUnknownAttempt } from '@capstan/shared/db/attempts';
import type { ClaimedCommand } from '@capstan/shared/db/claims';
import { hastenRead } from '@capstan/shared/db/payments';
import type { PoolClient } from '@capstan/shared/db/pool';
import {
  ID_UNUSABLE,
  type ObservedPayment,
  type ProviderResult,
} from '@capstan/shared/provider/payment-provider';
import { backoffMs } from '@capstan/shared/retry/backoff';
import { type CallOutcome, classifyOutcome } from './classify-outcome.ts';
import { doubtAnother } from './compare-answer.ts';
import { NAMED_UNUSABLY, providerRejection } from './conclude-unknown.ts';
import type { CapturerContext } from './context.ts';
import { end, nextStep, proceed, type SendAction, type Turn, wait } from './proceed.ts';
import type { Recorded } from './publish.ts';
import { recordRefundAnswer } from './record-refund-answer.ts';
import { mirrorWhatWasTold, recordUnderClaim } from './record-under-claim.ts';

/** A call about to leave: its attempt row is written, its claim was taken at `claimedAtMs`. */
export interface Dispatch {
  command: ClaimedCommand;
  action: SendAction;
  claimedAtMs: number;
}

/** call → classify → record. */
export async function sendStep(context: CapturerContext, dispatch: Dispatch): Promise<Turn | null> {
  const startedAtMs = context.monotonicMs();
  const { command, action } = dispatch;
  const result = await callInWindow(context, dispatch);
  const durationMs = context.monotonicMs() - startedAtMs;
  const classified = classifyOutcome(action.operation, result);
  // The answer to a refund is about its child.
  const answered = action.operation === 'refund' ? classified : doubtAnother(command, classified);
  let call = answered;
  const record = async (tx: PoolClient, claimedAtMs: number) => {
    call = await doubtRefusal(tx, dispatch, answered);
    return recordCall(tx, context, dispatch, call, claimedAtMs);
  };
  const heldUntilMs = dispatch.claimedAtMs + context.timings.sendLeaseMs;
  try {
    return await recordUnderClaim(context, command, record, heldUntilMs);
  } finally {
    logAttempt(context, dispatch, call, durationMs);
  }
}

/**
 * The dispatch guard: a claim that is not fresh any more may already be somebody else's, so nothing leaves. Nor does
 * anything after the notAfter instant, however long the call waits for a token or a connection.
 */
async function callInWindow(
  { monotonicMs, timings, provider }: CapturerContext,
  { command, action, claimedAtMs }: Dispatch,
): Promise<ProviderResult<ObservedPayment | null>> {
  if (monotonicMs() - claimedAtMs >= timings.sendWindowMs) {
    return { ok: false, failure: { stage: 'not_sent', reason: 'send_window_passed' } };
  }
  const { notAfterAtMs } = command;
  const startMsMax = notAfterAtMs === null ? undefined : notAfterAtMs - monotonicMs();
  if (startMsMax !== undefined && startMsMax <= 0) {
    return { ok: false, failure: { stage: 'not_sent', reason: 'deadline_passed' } };
  }
  const options = { signal: AbortSignal.timeout(timings.callMsMax), startMsMax };
  switch (action.operation) {
    case 'create':
      return provider.createPayment(required(command.createBody, 'create body'), options);
    case 'create_attempt':
      return provider.createAttempt(required(command.createBody, 'create body'), options);
    case 'refund': {
      const { amount, reason } = required(command.refund, 'amount');
      return provider.refundPayment(required(command.conomyId, 'Conomy id'), { amount, reason }, options);
    }
    case 'authorize':
      return provider.authorizePayment(required(command.conomyId, 'Conomy id'), options);
    case 'capture':
      return provider.capturePayment(required(command.conomyId, 'Conomy id'), options);
    case 'submit_document':
      return provider.submitDocument(
        required(command.conomyId, 'Conomy id'),
        required(command.document, 'document'),
        options,
      );
  }
}

/**
 * A refusal is about this call alone. Where an earlier call of the step may have had its effect after all, whatever
 * its reads have shown, the payment is looked at before the command is said to have come to nothing.
 */
async function doubtRefusal(
  tx: PoolClient,
  { action: { attemptId, number } }: Dispatch,
  call: CallOutcome,
): Promise<CallOutcome> {
  if (call.outcome !== 'rejected' || number === 1) return call;
  return (await followsUnknownAttempt(tx, attemptId)) ? { ...call, outcome: 'unknown' } : call;
}

/** One commit: the attempt's outcome, the mirror, the command's next step and the attempt row of the next call. */
async function recordCall(
  tx: PoolClient,
  context: CapturerContext,
  { command, action }: Dispatch,
  call: CallOutcome,
  claimedAtMs: number,
): Promise<Recorded> {
  const { attemptId, number } = action;
  // Every other answer is about the command's own payment.
  if (action.operation === 'refund' && call.payment !== null)
    return recordRefundAnswer(tx, context, command, { id: attemptId, number }, call.payment, claimedAtMs);
  const told =
    call.payment === null
      ? { command, read: null }
      : await mirrorWhatWasTold(tx, context, command, call.payment, { source: 'answer', attemptId });
  await finishAttempt(tx, command, attemptId, call);
  if (action.operation === 'submit_document' && call.outcome === 'succeeded')
    await hastenRead(tx, command.paymentKey);
  const after = {
    ...told.command,
    attempt: { id: attemptId, number, outcome: call.outcome, resolution: null },
  };
  const proceeding = { ...context, claimedAtMs, statusIsFresh: call.payment !== null, claimIsNew: false };
  switch (call.outcome) {
    case 'succeeded':
      return { ...(await proceed(tx, nextStep(after), proceeding)), read: told.read };
    case 'unknown':
      if (call.failure?.reason === ID_UNUSABLE)
        return { ...(await end(tx, after, 'parked', NAMED_UNUSABLY)), read: told.read };
      return { ...(await proceed(tx, after, proceeding)), read: told.read };
    case 'rejected':
      return {
        ...(await end(tx, after, 'rejected', providerRejection(call.failure ?? {}))),
        read: told.read,
      };
    case 'retryable': {
      const dueMs = call.failure?.retryAfterMs ?? backoffMs(number, context.random());
      return { ...(await wait(tx, after, 'executing', dueMs)), read: told.read };
    }
  }
}

function logAttempt(
  context: CapturerContext,
  { command, action }: Dispatch,
  call: CallOutcome,
  durationMs: number,
): void {
  context.log.info(
    {
      event: 'attempt.finished',
      commandId: command.id,
      paymentKey: command.paymentKey,
      conomyId: call.payment?.id ?? command.conomyId,
      operation: action.operation,
      attempt: action.number,
      outcome: call.outcome,
      reason: call.failure?.reason,
      httpStatus: call.failure?.httpStatus,
      providerCode: call.failure?.code,
      traceId: call.failure?.traceId,
      durationMs: Math.round(durationMs),
    },
    `${action.operation} ${call.outcome}`,
  );
}

function required<T>(value: T | null, what: string): T {
  if (value === null) throw new Error(`a call is about to leave without its ${what}`);
  return value;
}
