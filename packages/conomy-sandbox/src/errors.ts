import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { AnswerShapes } from './settings.ts';

/** The provider's documented error catalogue: code → type and HTTP status. */
const CATALOGUE = {
  '01': { type: 'serverError', status: 500 },
  '11': { type: 'invalidParam', status: 400 },
  '12': { type: 'missingParam', status: 400 },
  '13': { type: 'alreadyExist', status: 409 },
  '14': { type: 'parsingResource', status: 400 },
  '21': { type: 'failedPrecondition', status: 422 },
  '31': { type: 'notFound', status: 404 },
  '32': { type: 'tooManyRequests', status: 429 },
  '41': { type: 'unauthorized', status: 401 },
  '42': { type: 'unimplemented', status: 501 },
  '43': { type: 'forbiddenOperation', status: 403 },
} as const satisfies Record<string, { type: string; status: number }>;

type ConomyErrorCode = keyof typeof CATALOGUE;

/** A refusal from the catalogue; `detail` is a sentence for the caller. */
export class ConomyError extends Error {
  readonly code: ConomyErrorCode;

  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ConomyErrorCode, detail: string, headers: Record<string, string> = {}) {
    super(detail);
    this.name = 'ConomyError';
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return CATALOGUE[this.code].status;
  }
}

/** What is sent for `error`, in one of the documented forms; each call gets a trace id of its own. */
export function errorBody({ code, status, message }: ConomyError, shape: AnswerShapes['errors']): object {
  const { type } = CATALOGUE[code];
  switch (shape) {
    case 'current':
      return { status, code, type, detail: message, traceId: randomUUID() };
    case 'older':
      return { statusCode: status, error: STATUS_CODES[status], message };
    case 'third':
      return { error: { type, info: message }, message };
  }
}
