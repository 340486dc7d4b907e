import type { AttemptRow, Outcome, Resolution } from '@capstan/shared/db/attempts';
import type { CommandProblem } from '@capstan/shared/db/commands';
import { type CommandStatus, isEnded, type WaitsFor } from '@capstan/shared/domain/command-status';
import type { Operation, PaymentDocument } from '@capstan/shared/domain/payment-command';
import type { CommandView } from '../command-view.ts';
import { type RailAnswer, readRail } from './rail.ts';

export interface StepAnswer {
  operation: Operation;
  /** `skipped`: no call was made and none will be. */
  status:
    | 'pending'
    | 'executing'
    | 'unresolved'
    | 'succeeded'
    | 'rejected'
    | 'parked'
    | 'canceled'
    | 'skipped';
  attempts: number;
}

export interface AttemptAnswer {
  number: number;
  operation: Operation;
  /** Null while the call is under way. */
  outcome: Outcome | null;
  startedAt: Date;
  finishedAt: Date | null;
  reason?: string;
  provider?: CommandProblem['provider'];
  resolution?: Resolution;
  resolvedAt?: Date;
}

export interface CommandAnswer {
  id: string;
  type: string;
  status: CommandStatus;
  /** Why nothing happens at the moment; absent when it waits for nothing but its next try. */
  waitsFor?: WaitsFor;
  idempotencyKey: string;
  payment: {
    key: string;
    id?: string;
    externalId?: string;
    status?: string;
    final: boolean;
    rail?: RailAnswer;
  };
  /** Of a refund: what is given back, and Conomy's id of the payment that does it, once known. */
  refund?: { paymentId?: string; amount: string; currency: string };
  asked?: AskedAnswer;
  steps: StepAnswer[];
  attempts: AttemptAnswer[];
  problem?: CommandProblem;
  acceptedAt: Date;
  finishedAt?: Date;
}

/** What the caller sent beside type and payment; absent where that was all. */
export interface AskedAnswer {
  /** Of a create: Conomy's create body, as accepted. */
  payment?: unknown;
  /** Of a refund. */
  reason?: string;
  document?: PaymentDocument;
  notAfter?: Date | string;
}

/** A command as callers see it who ask for it, with what was asked of it; whoever has just sent that does not get it back. */
export function toReadCommandAnswer(view: CommandView): CommandAnswer {
  return { ...toCommandAnswer(view), ...toAsked(view) };
}

/** A command as callers see it. */
export function toCommandAnswer(view: CommandView): CommandAnswer {
  const { command, attempts } = view;
  return {
    id: command.id,
    type: command.type,
    status: command.status,
    ...(command.waitsFor ? { waitsFor: command.waitsFor } : {}),
    idempotencyKey: command.idempotencyKey,
    payment: toPaymentReference(view.payment),
    ...toRefund(view.asked),
    steps: toSteps(command, attempts),
    attempts: attempts.map(toAttemptAnswer),
    ...(command.problem ? { problem: command.problem } : {}),
    acceptedAt: command.acceptedAt,
    ...(command.finishedAt ? { finishedAt: command.finishedAt } : {}),
  };
}

function toRefund({ refund, refundId }: CommandView['asked']): Pick<CommandAnswer, 'refund'> {
  if (refund === null) return {};
  const { amount, currency } = refund;
  return { refund: { ...(refundId === null ? {} : { paymentId: refundId }), amount, currency } };
}

function toAsked({ command, asked }: CommandView): Pick<CommandAnswer, 'asked'> {
  const { createBody, refund, document } = asked;
  const told: AskedAnswer = {
    ...(createBody === null ? {} : { payment: JSON.parse(createBody) }),
    ...(refund?.reason === undefined ? {} : { reason: refund.reason }),
    ...(document === null ? {} : { document }),
    ...(command.notAfter === null ? {} : { notAfter: command.notAfter }),
  };
  return Object.keys(told).length === 0 ? {} : { asked: told };
}

function toPaymentReference(payment: CommandView['payment']): CommandAnswer['payment'] {
  const rail = readRail(payment.snapshot);
  return {
    key: payment.key,
    ...(payment.conomyId === null ? {} : { id: payment.conomyId }),
    ...(payment.externalId === null ? {} : { externalId: payment.externalId }),
    ...(payment.status === null ? {} : { status: payment.status }),
    final: payment.final,
    ...(rail ? { rail } : {}),
  };
}

/** How far each step of the plan has come, derived from the command and its attempts. */
export function toSteps(
  command: Pick<CommandView['command'], 'steps' | 'stepsDone' | 'status'>,
  attempts: readonly Pick<AttemptRow, 'step'>[],
): StepAnswer[] {
  return command.steps.map((operation, index) => {
    const tries = attempts.filter(({ step }) => step === index).length;
    return { operation, status: stepStatus(command, index, tries), attempts: tries };
  });
}

function stepStatus(
  { stepsDone, status }: Pick<CommandView['command'], 'stepsDone' | 'status'>,
  index: number,
  tries: number,
): StepAnswer['status'] {
  // Done without a call: its effect was already there.
  if (index < stepsDone) return tries === 0 ? 'skipped' : 'succeeded';
  if (index > stepsDone) return isEnded(status) ? 'skipped' : 'pending';
  return status === 'accepted' || status === 'blocked' ? 'pending' : status;
}

export function toAttemptAnswer(attempt: AttemptRow): AttemptAnswer {
  const { failure, resolution, resolvedAt } = attempt;
  return {
    number: attempt.number,
    operation: attempt.operation,
    outcome: attempt.outcome,
    startedAt: attempt.startedAt,
    finishedAt: attempt.finishedAt,
    ...(failure ? { reason: failure.reason } : {}),
    ...(failure?.httpStatus === undefined
      ? {}
      : {
          provider: {
            status: failure.httpStatus,
            code: failure.code,
            type: failure.type,
            traceId: failure.traceId,
          },
        }),
    ...(resolution ? { resolution } : {}),
    ...(resolvedAt ? { resolvedAt } : {}),
  };
}
