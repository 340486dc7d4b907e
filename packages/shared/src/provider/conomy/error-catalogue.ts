import type { Operation } from '../../domain/payment-command.ts';
import type { FailureStage, ProviderFailure } from '../payment-provider.ts';

/** What a failed write asks for. Every failure has exactly one. */
export type Behaviour =
  /** Certainly without effect: wait, then send the same again. */
  | 'retry'
  /** Certainly without effect and our credentials were refused: pause, use up no attempt. */
  | 'credentials'
  /** It may have been carried out: find out by reading, never by sending. */
  | 'unknown'
  /** Clearly refused, perhaps because it was done before: read over time. Done if the effect is there, else rejected. */
  | 'look'
  /** Refused over what our reads contradict: read over time. Done if the effect is there, else the same is sent again. */
  | 'look_again'
  /** Clearly refused and without effect: rejected. */
  | 'reject';

/** One line of the catalogue. A condition that is absent holds for everything; those present must all hold. */
export interface CatalogueRow {
  behaviour: Behaviour;
  /** One sentence for operators. */
  why: string;
  operations?: readonly Operation[];
  stage?: FailureStage;
  reason?: string;
  codes?: readonly string[];
  types?: readonly string[];
  /** First digit of the provider's code. */
  family?: string;
  /** HTTP status, inclusive on both ends. */
  http?: readonly [from: number, to: number];
}

const CREATE: readonly Operation[] = ['create', 'create_attempt'];
/** Steps of a payment that exists: a refusal for its state may mean that the step was already taken. */
const STEPS: readonly Operation[] = ['authorize', 'capture'];
/** Its parent is read right before it is sent, so a refusal over the parent may speak of a refund that was made. */
const REFUND: readonly Operation[] = ['refund'];
/** It moves nothing; a refusal is about this document, and what another one did is no explanation of it. */
const DOCUMENT: readonly Operation[] = ['submit_document'];

/** Codes and types mean the same in the provider's table; where an answer has both, the code is believed. */
// biome-ignore format: a table, one line per code, to be checked against the provider's.
const KNOWN: readonly (Omit<CatalogueRow, 'codes' | 'types'> & { code: string; type: string })[] = [
  { code: '01', type: 'serverError', behaviour: 'unknown', why: 'The provider failed unexpectedly; it may have acted before that.' },
  { code: '02', type: 'unknown', behaviour: 'unknown', why: 'The provider failed without a class; it may have acted before that.' },
  { code: '11', type: 'invalidParam', behaviour: 'reject', why: 'The provider found a value of the request invalid.' },
  { code: '12', type: 'missingParam', behaviour: 'reject', why: 'The provider misses a parameter in the request.' },
  { code: '13', type: 'alreadyExist', operations: DOCUMENT, behaviour: 'reject', why: 'The provider has this document already.' },
  { code: '13', type: 'alreadyExist', behaviour: 'look', why: 'A unique key is taken, usually because an earlier try succeeded.' },
  { code: '14', type: 'parsingResource', behaviour: 'reject', why: 'The provider could not parse the request body.' },
  { code: '21', type: 'failedPrecondition', operations: CREATE, behaviour: 'reject', why: 'A business rule forbids this payment, for example the minimum of its rail.' },
  { code: '21', type: 'failedPrecondition', operations: STEPS, behaviour: 'look', why: 'The payment is not in the state this step needs, perhaps because the step was taken.' },
  { code: '21', type: 'failedPrecondition', operations: REFUND, behaviour: 'look', why: 'The payment is not SETTLED, or less than this amount is still refundable, perhaps because the refund was made.' },
  { code: '21', type: 'failedPrecondition', operations: DOCUMENT, behaviour: 'reject', why: 'The payment takes no document in its state.' },
  { code: '31', type: 'notFound', operations: STEPS, behaviour: 'look_again', why: 'The provider does not find a payment that it gave an id, so it lags behind itself.' },
  { code: '31', type: 'notFound', operations: REFUND, behaviour: 'look', why: 'The provider does not find a payment that it showed right before.' },
  { code: '31', type: 'notFound', behaviour: 'reject', why: 'The payment, identity or account does not exist for this tenant.' },
  { code: '32', type: 'tooManyRequests', behaviour: 'retry', why: 'The rate limit turned the request away before it was looked at.' },
  { code: '41', type: 'unauthorized', behaviour: 'credentials', why: 'The provider refused our credentials even with a new token.' },
  { code: '42', type: 'unimplemented', operations: REFUND, behaviour: 'reject', why: 'Refunds are unsupported here; the other documented way is never tried, it could refund twice.' },
  { code: '42', type: 'unimplemented', behaviour: 'reject', why: 'The provider does not offer this operation here.' },
  { code: '43', type: 'forbiddenOperation', behaviour: 'reject', why: 'The provider forbids this operation to this tenant.' },
];

/**
 * How every failure of a write is treated. The first row that matches decides: the stage of the call, then
 * the provider's code, then its type, then the family of an unlisted code, then the HTTP status.
 */
// biome-ignore format: a table, one line per row; the order of the rows is its meaning.
export const ERROR_CATALOGUE: readonly CatalogueRow[] = [
  { stage: 'no_clear_answer', behaviour: 'unknown', why: 'The request may have arrived and no clear answer came back.' },
  { stage: 'not_sent', reason: 'credentials_refused', behaviour: 'credentials', why: 'The provider gave no token for our credentials, so nothing was sent.' },
  { stage: 'not_sent', behaviour: 'retry', why: 'No byte of the request left.' },

  // Answers that are never clear, should one be reported as such.
  { http: [100, 399], behaviour: 'unknown', why: 'The answer is neither a success nor a refusal.' },
  { http: [500, 500], behaviour: 'unknown', why: 'The provider failed; it may have acted before that.' },
  { http: [502, 599], behaviour: 'unknown', why: 'The provider or a gateway failed; the request may have been carried out.' },

  { operations: CREATE, http: [409, 409], behaviour: 'look', why: 'A conflict on create may mean that an earlier try made this payment.' },
  // About a payment that exists these come also from what lags behind it, so none of them ends anything by itself.
  { operations: STEPS, http: [404, 404], behaviour: 'look_again', why: 'The provider does not find a payment that it gave an id, so it lags behind itself.' },
  { operations: STEPS, http: [409, 409], behaviour: 'look', why: 'The step conflicts with the state of the payment, perhaps because it was taken.' },
  { operations: STEPS, http: [412, 412], behaviour: 'look', why: 'The payment is not in the state this step needs, perhaps because the step was taken.' },
  { operations: STEPS, http: [422, 422], behaviour: 'look', why: 'The payment is not in the state this step needs, perhaps because the step was taken.' },
  { operations: REFUND, http: [404, 404], behaviour: 'look', why: 'The provider does not find a payment that it showed right before, or refunds are unsupported here.' },
  { operations: REFUND, http: [409, 409], behaviour: 'look', why: 'A conflict on a refund may mean that an earlier try made it.' },
  { operations: REFUND, http: [412, 412], behaviour: 'look', why: 'The payment is not in the state a refund needs, perhaps because the refund was made.' },
  { operations: REFUND, http: [422, 422], behaviour: 'look', why: 'The payment is not in the state a refund needs, perhaps because the refund was made.' },
  { operations: DOCUMENT, http: [409, 409], behaviour: 'reject', why: 'The provider has this document already.' },
  ...KNOWN.map(({ code, type: _type, ...row }) => ({ ...row, codes: [code] })),
  ...KNOWN.map(({ code: _code, type, ...row }) => ({ ...row, types: [type] })),

  // A code that is not in the provider's table: its first digit is the family.
  { family: '0', behaviour: 'unknown', why: 'An unlisted server error; the provider may have acted before it.' },
  { family: '1', behaviour: 'reject', why: 'An unlisted fault of the request itself.' },
  { family: '2', behaviour: 'look', why: 'An unlisted conflict with a state, perhaps because the step was taken.' },
  { family: '3', http: [429, 429], behaviour: 'retry', why: 'An unlisted limit turned the request away before it was looked at.' },
  { family: '3', behaviour: 'reject', why: 'An unlisted lookup fault: something named in the request was not found.' },
  { family: '4', http: [401, 401], behaviour: 'credentials', why: 'An unlisted access fault: the provider refused our credentials.' },
  { family: '4', behaviour: 'reject', why: 'An unlisted access fault: this tenant may not do this.' },

  // No code, or one of no known family: only the HTTP status is left.
  { http: [401, 401], behaviour: 'credentials', why: 'The provider refused our credentials even with a new token.' },
  { http: [408, 408], behaviour: 'unknown', why: 'The provider gave up waiting for the request; how much of it arrived is not known.' },
  { http: [425, 425], behaviour: 'unknown', why: 'The provider did not want the request this early; what it did with it is not known.' },
  { http: [429, 429], behaviour: 'retry', why: 'A rate limit turned the request away before it was looked at.' },
  { http: [400, 499], behaviour: 'reject', why: 'The provider refused the request.' },
  { operations: REFUND, http: [501, 501], behaviour: 'reject', why: 'Refunds are unsupported here; the other documented way is never tried, it could refund twice.' },
  { http: [501, 501], behaviour: 'reject', why: 'The provider does not offer this operation here.' },
  { behaviour: 'unknown', why: 'The failure is of a kind nobody described, so nothing is assumed.' },
];

/** The one row that decides about a failed write, with its reason for operators. */
export function findCatalogueRow(operation: Operation, failure: ProviderFailure): CatalogueRow {
  const row = ERROR_CATALOGUE.find((candidate) => matches(candidate, operation, failure));
  if (!row) throw new Error('the error catalogue has no last row that matches everything; restore it');
  return row;
}

/** What a failed write asks for. Pure; never `retry` or `reject` without a clear answer. */
export function classifyFailure(operation: Operation, failure: ProviderFailure): Behaviour {
  return findCatalogueRow(operation, failure).behaviour;
}

function matches(row: CatalogueRow, operation: Operation, failure: ProviderFailure): boolean {
  const { stage, reason, code, type, httpStatus } = failure;
  return (
    (row.operations === undefined || row.operations.includes(operation)) &&
    (row.stage === undefined || row.stage === stage) &&
    (row.reason === undefined || row.reason === reason) &&
    (row.codes === undefined || (code !== undefined && row.codes.includes(code))) &&
    (row.types === undefined || (type !== undefined && row.types.includes(type))) &&
    (row.family === undefined || (code !== undefined && isOfFamily(code, row.family))) &&
    (row.http === undefined || (httpStatus !== undefined && isWithin(httpStatus, row.http)))
  );
}

function isOfFamily(code: string, family: string): boolean {
  return /^\d+$/.test(code) && code.startsWith(family);
}

function isWithin(value: number, [from, to]: readonly [number, number]): boolean {
  return value >= from && value <= to;
}

/** Whether a document names this code (dossier §14). */
export function isKnownErrorCode(code: string): boolean {
  return KNOWN.some((row) => row.code === code);
}
