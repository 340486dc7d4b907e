import { type AttemptEnd, isAttemptOpen } from './attempt.ts';
import {
  type AskedPayment,
  type AskedRefund,
  type Comparison,
  compareWithCreate,
  compareWithRefund,
  isUnclearWhenFound,
  type ToldPayment,
} from './bound-means-equal.ts';
import { type CommandProblemCode, outcomesOf, PARKED_OUTCOMES } from './command-problems.ts';
import type { CommandStatus } from './command-status.ts';
import type { Operation } from './payment-command.ts';
import { isCaptureTaken } from './payment-status.ts';
import { type OrderedChild, type RefundsBefore, wasThereBefore } from './refund-order.ts';

/** What a person may say of a command: of a parked one, and of a refund that was ruled out. */
export const CONCLUDED_OUTCOMES = [...PARKED_OUTCOMES, 'confirmed_not_made'] as const;
export type ConcludedOutcome = (typeof CONCLUDED_OUTCOMES)[number];

/** Why a conclusion is refused, with what a program needs to go on. */
export type ConcludeRefusal =
  | { code: 'not_parked' | 'outcome_not_offered' | 'effect_not_seen'; detail: string }
  | { code: 'payment_differs'; detail: string; fields: DifferingField[] }
  | { code: 'another_was_captured' | 'effect_may_exist'; detail: string; ids: string[] }
  | { code: 'too_early'; detail: string; notBefore: Date };

export interface DifferingField {
  field: string;
  asked: string | null;
  /** Null: Conomy does not say. */
  told: string | null;
}

/** An attempt of the command to be concluded. */
export interface ConcludedAttempt extends AttemptEnd, RefundsBefore {
  id: number;
  step: number;
  /** 24 hours after its call could last have been under way. */
  notBefore: Date;
  /** Of a refund: the child it made, as far as Capstan can tell. */
  childId: string | null;
}

/** A command as far as a conclusion depends on it. */
export interface ConcludedCommand {
  status: CommandStatus;
  problemCode: CommandProblemCode | null;
  steps: readonly Operation[];
  stepsDone: number;
  attempts: readonly ConcludedAttempt[];
  /** By the clock of the database. */
  now: Date;
}

/** What Conomy tells of a payment that stands for what a command did. */
export interface ToldEffect extends ToldPayment {
  id: string;
  status: string;
  /** How far its documents are. */
  documentationStatus: string | null;
}

/** The newest attempt of the current step whose outcome nobody knows. */
export function openAttemptOf({ attempts, stepsDone }: ConcludedCommand): ConcludedAttempt | null {
  return attempts.findLast((attempt) => attempt.step === stepsDone && isAttemptOpen(attempt)) ?? null;
}

export function operationOf({ steps, stepsDone }: ConcludedCommand): Operation {
  const operation = steps[stepsDone];
  if (operation === undefined) throw new Error('every step of the command is done');
  return operation;
}

/** Whether the outcome may be told of the command at all; null: it may, and what is read decides. */
export function refuseByRows(command: ConcludedCommand, outcome: ConcludedOutcome): ConcludeRefusal | null {
  if (outcome === 'confirmed_not_made') return refuseConfirmation(command);
  const { status, problemCode } = command;
  if (status !== 'parked' || problemCode === null)
    return {
      code: 'not_parked',
      detail: `Only a parked command can be concluded; this one is ${status}.`,
    };
  const offered = outcomesOf(problemCode);
  if (!offered.includes(outcome))
    return notOffered(`A command parked with ${problemCode} is concluded by ${offered.join(' or ')}.`);
  const open = openAttemptOf(command);
  switch (outcome) {
    case 'give_up':
      return command.attempts.some(isAttemptOpen)
        ? notOffered(
            'An attempt of it is of unknown outcome, so it cannot be given up without saying what it did.',
          )
        : null;
    case 'not_made':
      if (open === null) return notOffered('No attempt of it is of unknown outcome: give it up.');
      return command.now < open.notBefore ? tooEarly(open.notBefore) : null;
    case 'made':
    case 'choose':
      return open === null && !isSeenInStatus(operationOf(command))
        ? notOffered('No call of it can have made anything: give it up.')
        : null;
  }
}

function refuseConfirmation({ status, problemCode, steps }: ConcludedCommand): ConcludeRefusal | null {
  const isDoubtful = status === 'rejected' && problemCode === 'not_made' && steps[0] === 'refund';
  return isDoubtful
    ? null
    : notOffered('Only of a refund that was concluded as not made there is something left to confirm.');
}

/** A later step of a payment that was never bound. */
export const NO_ID: ConcludeRefusal = {
  code: 'outcome_not_offered',
  detail: 'No Conomy id of the payment is known, so no read can tell what became of the step.',
};

/** A step that is taken when the status of the payment says so, whoever took it. */
function isSeenInStatus(operation: Operation): boolean {
  return operation === 'authorize' || operation === 'capture';
}

/** What a payment must be to be the one the command is about. */
export type AskedEffect =
  | { kind: 'payment'; asked: AskedPayment }
  | {
      kind: 'refund';
      asked: AskedRefund;
      /** Capstan knows by a whole list that it is a refund of that payment. */
      isLinked: boolean;
    };

/** Whether a payment that was just read is what the command made. */
export function refuseMade(
  command: ConcludedCommand,
  effect: AskedEffect,
  told: ToldEffect,
  child: OrderedChild | null,
): ConcludeRefusal | null {
  const attempt = openAttemptOf(command);
  const isClaimed = attempt !== null && attempt.childId === told.id;
  if (effect.kind === 'refund' && attempt?.childId != null && !isClaimed)
    return differs([{ field: 'id', asked: attempt.childId, told: told.id }]);
  const fields = isClaimed ? [] : fieldsOf(effect, told);
  if (fields.length > 0) return differs(fields);
  if (child !== null && !isClaimed && attempt !== null && wasThereBefore(child, attempt))
    return { code: 'effect_not_seen', detail: `The refund ${told.id} was there before the call was made.` };
  const operation = operationOf(command);
  return proves(operation, told)
    ? null
    : {
        code: 'effect_not_seen',
        detail: `The payment ${told.id} is ${told.status}, which does not prove that its step ${operation} was taken.`,
      };
}

function fieldsOf(effect: AskedEffect, told: ToldEffect): DifferingField[] {
  // What a read of a payment that is bound lacks counts as agreeing.
  const isBound = effect.kind === 'payment' && effect.asked.id != null;
  if (isBound && compareWithCreate(effect.asked, told).verdict !== 'contradicts') return [];
  if (effect.kind === 'payment') return namesOf(compareWithCreate(effect.asked, told), { ...effect.asked });
  const { parentPaymentId, amount, currency } = effect.asked;
  const known = effect.isLinked
    ? { ...told, parentPaymentId: told.parentPaymentId ?? parentPaymentId }
    : told;
  const asked = { parentPaymentId, totalAmount: amount, currency };
  return namesOf(compareWithRefund(effect.asked, known), asked);
}

function namesOf(comparison: Comparison, asked: Record<string, unknown>): DifferingField[] {
  if (!isUnclearWhenFound(comparison) || comparison.verdict === 'agrees') return [];
  if (comparison.verdict === 'contradicts') return comparison.fields;
  return comparison.fields.map((field) => ({ field, asked: textOf(asked[field]), told: null }));
}

function textOf(asked: unknown): string | null {
  return typeof asked === 'string' ? asked : null;
}

/** `SENT` is of older documents (dossier §13). */
const HANDED_IN: ReadonlySet<string | null> = new Set(['UPLOADED', 'SENT', 'APPROVED']);

function proves(operation: Operation, { status, documentationStatus }: ToldEffect): boolean {
  switch (operation) {
    case 'create':
    case 'create_attempt':
    case 'refund':
      return true;
    case 'authorize':
      return status === 'AUTHORIZED' || isCaptureTaken(status);
    case 'capture':
      return isCaptureTaken(status);
    case 'submit_document':
      return HANDED_IN.has(documentationStatus);
  }
}

/** Statuses in which a payment has not moved money, and does not by itself; one under review may. */
const UNMOVED: ReadonlySet<string> = new Set(['ATTEMPT', 'CREATED', 'AUTHORIZED', 'FAILED', 'EXPIRED']);

/** Of several payments with one externalId those that may have moved money: whoever is chosen, both would count. */
export function refuseChoice(others: readonly Pick<ToldEffect, 'id' | 'status'>[]): ConcludeRefusal | null {
  const moved = others.filter(({ status }) => !UNMOVED.has(status));
  if (moved.length === 0) return null;
  const told = moved.map(({ id, status }) => `${id} is ${status}`).join(', ');
  return {
    code: 'another_was_captured',
    detail: `Another payment of this externalId has moved money, or may have: ${told}.`,
    ids: moved.map(({ id }) => id),
  };
}

/** Whether an authorize, capture or document can be ruled out by the state of its payment. */
export function refuseRuledOut(command: ConcludedCommand, told: ToldEffect): ConcludeRefusal | null {
  const operation = operationOf(command);
  const isOver = told.status === 'FAILED' || told.status === 'EXPIRED';
  const isBefore = told.status === 'CREATED' || (told.status === 'AUTHORIZED' && operation !== 'authorize');
  const isWithout =
    operation === 'submit_document' ? !HANDED_IN.has(told.documentationStatus) : isOver || isBefore;
  return isWithout
    ? null
    : mayExist([told.id], `The payment ${told.id} is ${told.status}, which does not rule the effect out.`);
}

/** A refund of the payment, from the whole list that was just read. */
export interface ListedChild extends OrderedChild {
  conomyId: string;
  /** The attempt that made it, as far as Capstan can tell. */
  attemptId: number | null;
}

/**
 * Whether a refund can be ruled out: nothing new is there that no other refund command made, but for what the person says
 * is somebody else's.
 */
export function refuseRefundRuledOut(
  attempt: ConcludedAttempt,
  children: readonly ListedChild[],
  notOurs: readonly string[],
): ConcludeRefusal | null {
  if (attempt.childId !== null)
    return mayExist([attempt.childId], `The refund ${attempt.childId} was made by it.`);
  const fresh = children.filter(
    (child) =>
      child.attemptId === null && !wasThereBefore(child, attempt) && !notOurs.includes(child.conomyId),
  );
  const ids = fresh.map(({ conomyId }) => conomyId);
  return ids.length === 0
    ? null
    : mayExist(ids, `Conomy shows refunds that were not there before the call: ${ids.join(', ')}.`);
}

/** Why there is nothing to confirm of a refund that was ruled out. */
export function refuseConfirmed(made: readonly string[]): ConcludeRefusal {
  return made.length === 0
    ? notOffered('Nothing of it is doubtful any more: it was confirmed before.')
    : mayExist([...made], `It was made after all: ${made.join(', ')}.`);
}

/** Whether a create can be ruled out: nothing that a whole scan or a delivery named may be its payment. */
export function refuseCreateRuledOut(
  shown: readonly string[],
  notOurs: readonly string[],
): ConcludeRefusal | null {
  const ids = shown.filter((id) => !notOurs.includes(id));
  return ids.length === 0
    ? null
    : mayExist(ids, `Conomy shows payments that may be of this create: ${ids.join(', ')}.`);
}

/** Steps that run once the current one is concluded as made. */
export function stepsAfter({ steps, stepsDone }: ConcludedCommand, outcome: ConcludedOutcome): Operation[] {
  return outcome === 'made' || outcome === 'choose' ? steps.slice(stepsDone + 1) : [];
}

function differs(fields: DifferingField[]): ConcludeRefusal {
  const names = fields.map(({ field }) => field).join(', ');
  return {
    code: 'payment_differs',
    detail: `The payment named is not the one that was asked for: ${names} differs or is not told.`,
    fields,
  };
}

function mayExist(ids: string[], detail: string): ConcludeRefusal {
  return { code: 'effect_may_exist', detail, ids };
}

function tooEarly(notBefore: Date): ConcludeRefusal {
  return {
    code: 'too_early',
    detail: `What the call did may still show up. It can be ruled out from ${notBefore.toISOString()} on.`,
    notBefore,
  };
}

function notOffered(detail: string): ConcludeRefusal {
  return { code: 'outcome_not_offered', detail };
}
