import { type CommandStatus, isEnded } from '@capstan/shared/domain/command-status';
import type { CommandView, PaymentView, Problem } from './api-answers.ts';
import type { Acceptance } from './api-client.ts';
import type { PlannedCommand } from './workload.ts';

/** A command and what is known of it by now. */
export interface TrackedCommand {
  readonly planned: PlannedCommand;
  /** How the API refused it. */
  refusal?: { httpStatus: number; problem: Problem };
  command?: CommandView;
  /** Of a command that succeeded: its payment, of a refund the refund itself, as seen last. */
  payment?: PaymentView;
}

export function recordAcceptance(tracked: TrackedCommand, acceptance: Acceptance): void {
  if (acceptance.kind === 'accepted') tracked.command = acceptance.command;
  else tracked.refusal = { httpStatus: acceptance.httpStatus, problem: acceptance.problem };
}

/** Whether the command will not move any more by itself; a parked one waits for a person. */
export function hasCommandEnded({ refusal, command }: TrackedCommand): boolean {
  if (refusal) return true;
  return command !== undefined && (isEnded(command.status as CommandStatus) || command.status === 'parked');
}

/** Whether the payment of this command is still to be waited for. */
export function awaitsPayment({ planned, command, payment }: TrackedCommand): boolean {
  if (command?.status !== 'succeeded') return false;
  switch (planned.expected.kind) {
    case 'settled':
    case 'refunded':
      return !payment?.mirror.final;
    case 'attempted':
      return !payment;
    case 'refused':
    case 'rejected':
      return false;
  }
}

export function isDone(tracked: TrackedCommand): boolean {
  return hasCommandEnded(tracked) && !awaitsPayment(tracked);
}

/** Why the command did not end as it should; null when it did. */
export function explainUnexpectedEnd(tracked: TrackedCommand): string | null {
  const { planned, refusal, command, payment } = tracked;
  const { expected } = planned;
  const ended = describeEnd(tracked);
  switch (expected.kind) {
    case 'refused':
      return refusal?.httpStatus === expected.httpStatus && refusal.problem.code === expected.code
        ? null
        : `was to be refused (${expected.httpStatus} ${expected.code}), but ${ended}`;
    case 'rejected':
      return command?.status === 'rejected' && command.problem?.provider?.code === expected.providerCode
        ? null
        : `was to be rejected by Conomy (code ${expected.providerCode}), but ${ended}`;
    case 'settled':
      return command?.status === 'succeeded' && payment?.status === 'SETTLED'
        ? null
        : `was to succeed with a SETTLED payment, but ${ended}`;
    case 'refunded':
      return command?.status === 'succeeded' && payment?.status === 'SETTLED'
        ? null
        : `was to succeed with a SETTLED refund, but ${ended}`;
    case 'attempted':
      return command?.status === 'succeeded' && payment?.status === 'ATTEMPT'
        ? null
        : `was to succeed with an ATTEMPT, but ${ended}`;
  }
}

function describeEnd({ refusal, command, payment }: TrackedCommand): string {
  if (refusal) return `was refused: ${refusal.httpStatus} ${describeProblem(refusal.problem)}`;
  if (!command) return 'was never sent';
  if (command.status !== 'succeeded') {
    return command.problem
      ? `is ${command.status}: ${describeProblem(command.problem)}`
      : `is ${command.status}`;
  }
  return `succeeded with a payment that is ${payment?.status ?? 'not known'}`;
}

function describeProblem({ code, detail }: Problem): string {
  return detail ? `${code}, ${detail}` : code;
}

/** From acceptance until the payment was final, or until the command ended without one; milliseconds. */
export function tookMs({ command, payment }: TrackedCommand): number | null {
  const endedAt = payment?.mirror.final ? payment.mirror.updatedAt : command?.finishedAt;
  return command && endedAt !== undefined ? endedAt - command.acceptedAt : null;
}
