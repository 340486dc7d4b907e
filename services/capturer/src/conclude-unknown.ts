import type { CommandProblem } from '@capstan/shared/db/commands';
import type { Finding, UnknownAttempt } from '@capstan/shared/db/unknown-attempts';
import { alarmOfStatus } from '@capstan/shared/domain/payment-status';
import { type Behaviour, classifyFailure } from '@capstan/shared/provider/conomy/error-catalogue';
import { ID_UNUSABLE, type ObservedPayment } from '@capstan/shared/provider/payment-provider';
import { backoffMs } from '@capstan/shared/retry/backoff';
import { ANSWER_DIFFERS } from './compare-answer.ts';

/** One read made to settle an unknown outcome. */
export interface Evidence {
  finding: Finding;
  /** The read looked everywhere the effect could be; only then does it count for the conclusion of absence. */
  isWhole: boolean;
  /** The payment that was read; for `found` the one whose effect is there. */
  payment: ObservedPayment | null;
  /** Ids and counts for the operator; never payloads. */
  detail: Record<string, unknown>;
  /** Of an absent create: the older payment that has its externalId. */
  inUseBy?: string;
  /** The provider told something. Default: it did. */
  answered?: boolean;
  /** What would have to be read to know is more than will ever be read. Default: it is not. */
  isTooLong?: boolean;
  /** Of a refund: the refunds of its payment as a whole list told them; what they come to is judged under its row. */
  refunds?: readonly ObservedPayment[];
  /** What the command is parked with, where the finding alone does not say. */
  problem?: CommandProblem;
}

/** When absence counts as honestly established (design §3). */
export interface AbsenceRule {
  readsMin: number;
  spanMsMin: number;
  /** How long the provider may answer without telling before a person decides. */
  unknownMsMax: number;
}

export type Conclusion =
  | { kind: 'succeeded'; payment: ObservedPayment }
  /** Absent: the step is sent again. `refusal`: what it ends with instead, once it was sent often enough. */
  | { kind: 'retryable'; refusal: CommandProblem | null }
  | { kind: 'rejected'; problem: CommandProblem }
  | { kind: 'parked'; problem: CommandProblem }
  /** Not known yet: read again after `waitMs`. */
  | { kind: 'open'; waitMs: number }
  /** Not known before the review of the payment is over. */
  | { kind: 'held' };

/**
 * Draws the conclusion from all evidence so far, this read included. A timer alone never concludes anything:
 * absence takes reads, spread over time, all begun after the call can no longer have been under way. What the
 * provider does not tell however long it answers is left to a person.
 */
export function concludeUnknown(
  attempt: UnknownAttempt,
  evidence: Evidence,
  rule: AbsenceRule,
  random: number,
): Conclusion {
  const conclusion = concludeRead(attempt, evidence, rule, random);
  const isOver = evidence.isTooLong || attempt.answeredForMs >= rule.unknownMsMax;
  return conclusion.kind === 'open' && isOver ? leaveToPerson(attempt) : conclusion;
}

/** Why nothing more is done for what Conomy named by an id of which nothing can be asked. */
export const NAMED_UNUSABLY: CommandProblem = {
  code: 'id_unusable',
  detail:
    'Conomy names the payment by an id of which nothing can be asked, since it could lead elsewhere. Ask Conomy for the true one, then conclude or redrive.',
};

function leaveToPerson({ operation, failure }: UnknownAttempt): Conclusion {
  if (failure?.reason === ID_UNUSABLE) return { kind: 'parked', problem: NAMED_UNUSABLY };
  return operation === 'create' || operation === 'create_attempt'
    ? parked(
        'scan_too_long',
        'The answer to the create was lost, and the list of the account could not be read whole. Look for the payment at Conomy, then redrive.',
      )
    : parked(
        'outcome_unknown',
        'The answer was lost, and however often Conomy was asked, it did not tell what became of the call. Ask Conomy, then redrive.',
      );
}

function concludeRead(
  attempt: UnknownAttempt,
  evidence: Evidence,
  rule: AbsenceRule,
  random: number,
): Conclusion {
  switch (evidence.finding) {
    case 'found':
      if (evidence.payment === null) throw new Error('found without a payment');
      return { kind: 'succeeded', payment: evidence.payment };
    case 'in_use':
      return { kind: 'rejected', problem: EXTERNAL_ID_IN_USE };
    case 'ambiguous':
      if (evidence.problem) return concludeOverTime(attempt, evidence.problem, rule, random);
      return parked(
        'several_payments_found',
        'Conomy has more than one payment with this externalId. Decide which one counts; the others must never be captured.',
      );
    case 'unclear':
      if (attempt.operation === 'submit_document') return concludeUnclearDocument(attempt);
      if (evidence.problem) return { kind: 'parked', problem: evidence.problem };
      return parked(
        'payment_unclear',
        'What Conomy shows neither confirms nor rules out the effect. Look at the reads of the attempt, then redrive.',
      );
    case 'absent':
      return concludeAbsence(attempt, evidence, rule, random);
    case 'closed':
      return rejected(
        'payment_not_open',
        `The payment is ${evidence.payment?.status ?? 'closed'}; the step can no longer be done.`,
      );
    case 'held':
      return { kind: 'held' };
    case 'inconclusive':
      return concludeInconclusive(attempt, evidence, rule, random);
  }
}

/** A status that tells neither that the step was taken nor that it can be: some tell it soon, others never will. */
function concludeInconclusive(
  attempt: UnknownAttempt,
  { payment, answered }: Evidence,
  rule: AbsenceRule,
  random: number,
): Conclusion {
  const status = payment?.status ?? null;
  if (status !== null && alarmOfStatus(status) !== null)
    return parked('status_unclear', statusUnclear(status));
  const waitMs =
    answered === false ? backoffMs(attempt.reads + 1, random) : nextReadWaitMs(attempt, rule, random);
  return { kind: 'open', waitMs };
}

/** Why a status stops the steps of a payment. */
export function statusUnclear(status: string): string {
  return `The payment is ${status}, which tells neither that the step was taken nor that it can be. Look at it at Conomy, then redrive.`;
}

/** Once a person has looked, it is handed in again: two copies of a document do no harm, none may. */
function concludeUnclearDocument({ isRedriven }: UnknownAttempt): Conclusion {
  if (isRedriven) return { kind: 'retryable', refusal: null };
  return parked(
    'document_unresolved',
    'The answer was lost, and since another document had been handed in before, or the review has ended, a read cannot tell whether this one was. Redrive to hand it in again.',
  );
}

const EXTERNAL_ID_IN_USE: CommandProblem = {
  code: 'external_id_in_use',
  detail: 'An older payment at Conomy has this externalId. Use another one.',
};
/** A list that shows too much may lag just as one that shows too little. */
function concludeOverTime(
  attempt: UnknownAttempt,
  problem: CommandProblem,
  rule: AbsenceRule,
  random: number,
): Conclusion {
  return isOverTime(attempt, rule)
    ? { kind: 'parked', problem }
    : { kind: 'open', waitMs: nextReadWaitMs(attempt, rule, random) };
}

function isOverTime({ absentReads, absentForMs }: UnknownAttempt, rule: AbsenceRule): boolean {
  return absentReads >= rule.readsMin && absentForMs >= rule.spanMsMin;
}

function concludeAbsence(
  attempt: UnknownAttempt,
  { isWhole, inUseBy }: Evidence,
  rule: AbsenceRule,
  random: number,
): Conclusion {
  if (!isWhole || !isOverTime(attempt, rule)) {
    return { kind: 'open', waitMs: nextReadWaitMs(attempt, rule, random) };
  }
  if (inUseBy !== undefined) return { kind: 'rejected', problem: EXTERNAL_ID_IN_USE };
  // Somebody answered for a create that no list shows: what became of it is for a person to ask, once.
  if (wasAnsweredForAnother(attempt) && !attempt.isRedriven) {
    return parked(
      'payment_unclear',
      'Conomy answered the create with another payment than was asked for, and none with its externalId can be found. Ask Conomy, then redrive.',
    );
  }
  if (isCreateConflict(attempt)) {
    // Once a person has asked Conomy, what is absent still is sent again as every other create.
    if (attempt.isRedriven) return { kind: 'retryable', refusal: null };
    return parked(
      'conflict_without_payment',
      'Conomy answered that the payment already exists, but none with this externalId can be found. Ask Conomy, then redrive.',
    );
  }
  const refusal = refusalOf(attempt);
  // The reads show what the refusal could not find: it came from what lags behind.
  if (refusal && behaviourOf(attempt) === 'look_again') return { kind: 'retryable', refusal };
  if (refusal) return { kind: 'rejected', problem: refusal };
  // A refund moves money at once and has no key: what cannot be found is never sent again.
  if (attempt.operation === 'refund') {
    return parked(
      'refund_unresolved',
      'The answer to the refund was lost and no new refund of that amount can be found. Ask Conomy whether it was made.',
    );
  }
  return { kind: 'retryable', refusal: null };
}

/** A clear "already exists" must be explained by something that exists. */
export function isCreateConflict(attempt: UnknownAttempt): boolean {
  const isCreate = attempt.operation === 'create' || attempt.operation === 'create_attempt';
  return isCreate && behaviourOf(attempt) === 'look';
}

function wasAnsweredForAnother({ operation, failure }: UnknownAttempt): boolean {
  return (operation === 'create' || operation === 'create_attempt') && failure?.reason === ANSWER_DIFFERS;
}

/** The provider's clear refusal that made us look, if that is what the attempt ended with. */
function refusalOf(attempt: UnknownAttempt): CommandProblem | null {
  const behaviour = behaviourOf(attempt);
  const isRefusal = behaviour === 'look' || behaviour === 'look_again' || behaviour === 'reject';
  return isRefusal ? providerRejection(attempt.failure ?? {}) : null;
}

function behaviourOf({ operation, failure }: UnknownAttempt): Behaviour | null {
  return failure === null ? null : classifyFailure(operation, failure);
}

/**
 * Growing waits, but never past the instant at which the next read could bring the conclusion: the reads that are still
 * missing are spread over what is left of the span. Once it is over, what lacks is that a process reads which had read before
 * it: the next read as a rule, and with N processes the Nth after it at the latest. The longer that takes, the slower it goes.
 */
function nextReadWaitMs(attempt: UnknownAttempt, rule: AbsenceRule, random: number): number {
  const growing = backoffMs(attempt.reads + 1, random, { firstMs: 500, maxMs: 15_000 });
  if (attempt.pastDeadlineMs < 0) return Math.min(growing, -attempt.pastDeadlineMs + 1);
  // A process must have been reading for as long as a call lasts before its reads can begin a span.
  const isUnproven = attempt.absentReads > 0 && attempt.firstAbsentMsAgo === 0;
  if (isUnproven) return Math.min(growing, attempt.callMs / rule.readsMin + 1);
  const missingReads = Math.max(rule.readsMin - attempt.absentReads, 1);
  const remainingMs = rule.spanMsMin - attempt.firstAbsentMsAgo;
  return Math.min(
    growing,
    Math.max(remainingMs / missingReads, -remainingMs, rule.spanMsMin / rule.readsMin / 10) + 1,
  );
}

/** What the caller is told when the provider refused a write. */
export function providerRejection(failure: {
  httpStatus?: number;
  code?: string;
  type?: string;
  traceId?: string;
  detail?: string;
}): CommandProblem {
  return {
    code: 'provider_rejected',
    detail: failure.detail ?? 'Conomy refused the call.',
    provider: {
      status: failure.httpStatus,
      code: failure.code,
      type: failure.type,
      traceId: failure.traceId,
    },
  };
}

function rejected(code: CommandProblem['code'], detail: string): Conclusion {
  return { kind: 'rejected', problem: { code, detail } };
}

function parked(code: CommandProblem['code'], detail: string): Conclusion {
  return { kind: 'parked', problem: { code, detail } };
}
