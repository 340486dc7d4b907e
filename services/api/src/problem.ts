import type { ContentFault } from '@capstan/shared/domain/problem';

/** Every reason a request is refused: its HTTP status and the title of its problem document. */
export const PROBLEMS = {
  validation_failed: { status: 400, title: 'The request is not valid' },
  idempotency_key_missing: { status: 400, title: 'The Idempotency-Key is missing' },
  unauthorized: { status: 401, title: 'The credentials are missing or not known' },
  forbidden: { status: 403, title: 'The API key may not do this' },
  not_found: { status: 404, title: 'There is no such resource' },
  command_not_found: { status: 404, title: 'There is no such command' },
  payment_not_found: { status: 404, title: 'There is no such payment' },
  external_id_taken: { status: 409, title: 'The externalId belongs to another payment' },
  payload_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The body is not of a type this route takes' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key belongs to another command' },
  internal_error: { status: 500, title: 'The request failed for a reason of our own' },
  unavailable: { status: 503, title: 'The service cannot accept this now' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Why a request, or one item of a batch, is refused. */
export interface Refusal {
  code: ProblemCode;
  /** What is wrong and what to do, naming the thing. */
  detail: string;
  errors?: readonly ContentFault[];
}

/** A problem document (RFC 9457). */
export interface Problem extends Refusal {
  type: string;
  title: string;
  status: number;
}

export function toProblem({ code, detail, errors }: Refusal): Problem {
  const { status, title } = PROBLEMS[code];
  return { type: `urn:capstan:problem:${code}`, title, status, detail, code, ...(errors ? { errors } : {}) };
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
