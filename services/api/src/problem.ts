import type { ContentFault } from '@capstan/shared/domain/problem';
import { PROBLEMS, type ProblemCode } from '@capstan/shared/domain/request-problems';
import type { ProviderFailure } from '@capstan/shared/provider/payment-provider';

/** Why a request, or one item of a batch, is refused. */
export interface Refusal {
  code: ProblemCode;
  /** What is wrong and what to do, naming the thing. */
  detail: string;
  errors?: readonly ContentFault[];
  /** What a program needs to go on, by the name of its member. */
  more?: RefusalMembers;
}

/** Members of a problem document that some codes have. */
export interface RefusalMembers {
  fields?: readonly { field: string; asked: string | null; told: string | null }[];
  ids?: readonly string[];
  notBefore?: Date;
  rows?: number;
}

/** A problem document (RFC 9457). */
export interface Problem extends Omit<Refusal, 'more'>, RefusalMembers {
  type: string;
  title: string;
  status: number;
}

export function toProblem({ code, detail, errors, more }: Refusal): Problem {
  const { status, title } = PROBLEMS[code];
  const problem = { type: `urn:capstan:problem:${code}`, title, status, detail, code };
  return { ...problem, ...(errors ? { errors } : {}), ...more };
}

/** Ends the handling of a request with a refusal; `error-response.ts` turns it into the answer. */
export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.detail);
    this.name = 'RefusedError';
    this.refusal = refusal;
  }
}

/** A content refusal; its detail repeats the first fault, for readers who look at nothing else. */
export function invalidContent(errors: readonly ContentFault[]): Refusal {
  const [first] = errors;
  const where = first?.path ? `${first.path} ` : 'The body ';
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return { code: 'validation_failed', detail: `${where}${first?.message ?? 'is not valid'}${more}.`, errors };
}

export const unknownCommand: Refusal = {
  code: 'command_not_found',
  detail: 'No command has this id. It is the command.id of the 202 answer.',
};

export const unknownPayment: Refusal = {
  code: 'payment_not_found',
  detail: 'No payment has this key or Conomy id.',
};

export const unknownPause: Refusal = {
  code: 'pause_not_found',
  detail: 'No pause in force has this id. GET /v1/pauses lists them.',
};

export const unknownDiscrepancy: Refusal = {
  code: 'discrepancy_not_found',
  detail: 'No discrepancy has this id. GET /v1/discrepancies lists them.',
};

/** A read at Conomy that somebody waits for came to nothing. */
export function notRead({ stage, reason }: ProviderFailure): Refusal {
  const what =
    stage === 'answered' ? 'Conomy refused the read' : 'Conomy could not be reached or gave no answer';
  return {
    code: 'unavailable',
    detail: `${what} (${reason}); the mirror is as it was and is read again by itself. Try again later.`,
  };
}
