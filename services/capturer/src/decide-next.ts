import type { ClaimedCommand } from '@capstan/shared/db/claims';
import type { CommandProblem } from '@capstan/shared/db/commands';
import { TRIES_MAX } from '@capstan/shared/db/item-faults';
import { SECOND_KEY } from '@capstan/shared/db/second-keys';
import { isAttemptOpen, isRuledOut } from '@capstan/shared/domain/attempt';
import { isConomyId } from '@capstan/shared/domain/conomy-id';
import type { Operation } from '@capstan/shared/domain/payment-command';
import { alarmOfStatus, isCaptureTaken, isFinalStatus } from '@capstan/shared/domain/payment-status';
import { NAMED_UNUSABLY, statusUnclear } from './conclude-unknown.ts';

/** What a capturer does next with a command it holds. */
export type NextAction =
  /** Send the current step's call. */
  | { kind: 'send'; operation: Operation; number: number }
  /** Settle an attempt whose outcome is unknown, by reading. */
  | { kind: 'resolve'; attemptId: number; operation: Operation }
  /** The payment's state decides and is not known well enough: read it. */
  | { kind: 'read' }
  /** Nothing can be done before something changes at the provider. */
  | { kind: 'wait'; why: 'review' }
  | { kind: 'end'; status: 'succeeded' | 'rejected' | 'canceled' | 'parked'; problem: CommandProblem | null };

/** Why a step is held while Conomy's amount is not the one that was asked for. */
export const AMOUNT_DIFFERS: CommandProblem = {
  code: 'amount_differs',
  detail:
    'Conomy tells another amount than was asked for, and its fees do not explain it. Look at the open discrepancy; accepting it lets this command go on.',
};

export interface Decision {
  /** Steps done by now; a step whose effect is already there needs no call. */
  stepsDone: number;
  action: NextAction;
}

/** Before anything else is decided, since whatever was decided failed each time. An unknown attempt stays unknown. */
const SET_ASIDE = end(
  'parked',
  'unreadable',
  `What was to be done or to be written failed ${TRIES_MAX} times in a row; the log has the reason. Nothing is sent again before a redrive has read.`,
);

const RULED_OUT = 'An operator has ruled out what its call did; it is not sent again.';

/** The create before it was concluded without a payment, and its externalId stays taken. */
const NO_PAYMENT =
  'No payment of Conomy is known under this key: its create ended without one that could be bound. Nothing was sent.';

/** Writes of one step that failed with certainty before a person is asked. */
export const FAILURES_MAX = 5;

/**
 * Decides from the rows alone. `statusIsFresh` says that the provider told the payment's status under this very
 * claim, so that waiting for a change does not turn into reading in a circle.
 */
export function decideNext(command: ClaimedCommand, statusIsFresh: boolean): Decision {
  let { stepsDone, attempt } = command;
  if (command.tries >= TRIES_MAX) return { stepsDone, action: SET_ASIDE };
  for (; stepsDone < command.steps.length; stepsDone++, attempt = null) {
    const action = decideStep({ ...command, stepsDone, attempt }, statusIsFresh);
    if (action !== 'done') return { stepsDone, action };
  }
  return { stepsDone, action: { kind: 'end', status: 'succeeded', problem: null } };
}

function decideStep(command: ClaimedCommand, statusIsFresh: boolean): NextAction | 'done' {
  const { attempt } = command;
  const operation = command.steps[command.stepsDone] as Operation;
  if (command.duplicateOf !== null) return { kind: 'end', status: 'parked', problem: SECOND_KEY };
  // Doors take no such id any more; rows of an earlier release may hold one.
  if (command.conomyId !== null && !isConomyId(command.conomyId))
    return { kind: 'end', status: 'parked', problem: NAMED_UNUSABLY };
  if (attempt !== null && isAttemptOpen(attempt)) {
    if (statusIsFresh && isHeldByReview(command, operation)) return { kind: 'wait', why: 'review' };
    return { kind: 'resolve', attemptId: attempt.id, operation };
  }
  // Its command has ended; should it ever come back, what was ruled out is sent by nobody.
  if (attempt !== null && isRuledOut(attempt)) return end('rejected', 'not_made', RULED_OUT);
  const action = decideOpenStep(command, operation, statusIsFresh);
  if (!command.deadlinePassed || action === 'done' || isHeldByReview(command, operation)) return action;
  return { kind: 'end', status: 'canceled', problem: pastDeadline(`step ${operation}`) };
}

/** A step that was sent and is held by a review takes effect when that ends well, so it is under way. */
export function isHeldByReview({ attempt, paymentStatus }: ClaimedCommand, operation: Operation): boolean {
  const isStep = operation === 'authorize' || operation === 'capture';
  return isStep && attempt !== null && paymentStatus === 'REQUIRES_REVIEW';
}

/** Why nothing more is sent for a command; what of it was done before stays done. */
export function pastDeadline(what: string): CommandProblem {
  return {
    code: 'deadline_passed',
    detail: `Nothing of the ${what} was under way at its notAfter instant.`,
  };
}

/** No attempt of the step can have had an effect that is not known. */
function decideOpenStep(
  command: ClaimedCommand,
  operation: Operation,
  statusIsFresh: boolean,
): NextAction | 'done' {
  if (command.failures >= FAILURES_MAX) {
    return end(
      'parked',
      'attempts_exhausted',
      `${FAILURES_MAX} writes failed, each with certainty without effect. Look at the attempts, then redrive.`,
    );
  }
  if (command.paymentKind === 'attempt' && operation !== 'create_attempt') {
    return end(
      'rejected',
      'payment_not_open',
      'It is a payment attempt, which moves no money. Create the payment, then name that one.',
    );
  }
  const send: NextAction = { kind: 'send', operation, number: (command.attempt?.number ?? 0) + 1 };
  if (operation === 'create' || operation === 'create_attempt') return send;
  if (command.differs.length > 0) return end('parked', 'payment_unclear', differsFrom(command.differs));
  if (command.conomyId === null) return end('rejected', 'predecessor_failed', NO_PAYMENT);
  if (command.asked !== null && !command.isCompared) return { kind: 'read' };
  const action = decideLater(command, operation, send, statusIsFresh);
  const leaves = action !== 'done' && action.kind === 'send';
  return leaves && command.amountDiffers
    ? { kind: 'end', status: 'parked', problem: AMOUNT_DIFFERS }
    : action;
}

/** A step of a payment that is known to be the one asked for. */
function decideLater(
  command: ClaimedCommand,
  operation: Exclude<Operation, 'create' | 'create_attempt'>,
  send: NextAction,
  statusIsFresh: boolean,
): NextAction | 'done' {
  switch (operation) {
    case 'authorize':
    case 'capture':
      return decideOnStatus(command, operation, send, statusIsFresh);
    case 'refund':
      return decideRefund(command, send, statusIsFresh);
    case 'submit_document':
      // What a lost answer is held against later is how the documents stood right before (look-for-document.ts).
      return statusIsFresh ? send : { kind: 'read' };
  }
}

/** Authorize and capture are sent only from a state in which they can have their effect (dossier §7). */
function decideOnStatus(
  command: ClaimedCommand,
  operation: 'authorize' | 'capture',
  send: NextAction,
  statusIsFresh: boolean,
): NextAction | 'done' {
  const status = command.paymentStatus;
  if (status === null || (command.redriven && !statusIsFresh)) return { kind: 'read' };
  if (isCaptureTaken(status)) return 'done';
  switch (status) {
    case 'CREATED':
      return send;
    case 'AUTHORIZED':
      return operation === 'authorize' ? 'done' : send;
    case 'REQUIRES_REVIEW':
      return statusIsFresh ? { kind: 'wait', why: 'review' } : { kind: 'read' };
  }
  if (isFinalStatus(status))
    return end(
      'rejected',
      'payment_not_open',
      `The payment is ${status}; it can no longer be ${operation}d.`,
    );
  if (!statusIsFresh) return { kind: 'read' };
  if (alarmOfStatus(status) !== null) return end('parked', 'status_unclear', statusUnclear(status));
  return end(
    'parked',
    'payment_in_unexpected_status',
    `The payment is ${status}, a status in which this step is not possible. Look at it at Conomy, then redrive.`,
  );
}

/** Money is given back only of a payment that was read as settled under this very claim (design: refund rules). */
function decideRefund(command: ClaimedCommand, send: NextAction, statusIsFresh: boolean): NextAction {
  if (!statusIsFresh) return { kind: 'read' };
  if (command.paymentStatus === 'SETTLED') return send;
  return end(
    'rejected',
    'payment_not_settled',
    `The payment is ${command.paymentStatus}; only a SETTLED payment can be refunded.`,
  );
}

function differsFrom(fields: readonly string[]): string {
  return `Conomy tells another ${fields.join(', ')} of the payment than was asked for. Look at it at Conomy.`;
}

function end(
  status: 'rejected' | 'canceled' | 'parked',
  code: CommandProblem['code'],
  detail: string,
): NextAction {
  return { kind: 'end', status, problem: { code, detail } };
}
