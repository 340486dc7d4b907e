/**
 * What an error of PostgreSQL, of the way to it or of a pooler before it says:
 *
 * - `not_now`: nothing is wrong with what was asked; the same may go well a little later.
 * - `never`: the server does not let us in as we are set up; a start ends with its words. It may still be a passing thing in the middle of
 *   the work, when a password is changed or a pooler has lost its server.
 * - `content`: it refuses what this very statement holds, today and at every repeat.
 * - `ours`: anything else it says: a schema that is older or newer than the code, rights, a statement that is wrong.
 */
export type DatabaseTrouble = 'not_now' | 'never' | 'content' | 'ours';

interface Meaning {
  is: DatabaseTrouble;
  /** The connection is of no more use: it is broken, or it belongs to a server that must not be written to. */
  losesConnection?: true;
}

const PASSES: Meaning = { is: 'not_now' };
const PASSES_ELSEWHERE: Meaning = { is: 'not_now', losesConnection: true };
const NEVER: Meaning = { is: 'never', losesConnection: true };
const CONTENT: Meaning = { is: 'content' };

/** SQLSTATEs, classes of them and socket codes; the longest that an error's code begins with counts. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  /** A commit whose replication was not waited for; see {@link UnconfirmedCommitError}. */
  '01000': PASSES,
  '08': PASSES_ELSEWHERE,
  '08P01': NEVER,
  '21': CONTENT,
  '22': CONTENT,
  '23': CONTENT,
  /** Read-only: a primary that was demoted, or a standby. */
  '25006': PASSES_ELSEWHERE,
  '25P03': PASSES_ELSEWHERE,
  '25P04': PASSES_ELSEWHERE,
  '28': NEVER,
  '3D000': NEVER,
  '40': PASSES,
  '44': CONTENT,
  '53': PASSES_ELSEWHERE,
  /** Limits such as the size of an index entry. */
  '54': CONTENT,
  '55P03': PASSES,
  '57014': PASSES,
  '57P': PASSES_ELSEWHERE,
  '58': PASSES_ELSEWHERE,
  /** What our triggers raise. */
  P0: CONTENT,
  EAI_AGAIN: PASSES_ELSEWHERE,
  ECONN: PASSES_ELSEWHERE,
  EHOSTDOWN: PASSES_ELSEWHERE,
  EHOSTUNREACH: PASSES_ELSEWHERE,
  ENETDOWN: PASSES_ELSEWHERE,
  ENETRESET: PASSES_ELSEWHERE,
  ENETUNREACH: PASSES_ELSEWHERE,
  ENOTFOUND: PASSES_ELSEWHERE,
  EPIPE: PASSES_ELSEWHERE,
  ETIMEDOUT: PASSES_ELSEWHERE,
};
const LONGEST_FIRST = Object.entries(MEANINGS).sort(([a], [b]) => b.length - a.length);

const SQLSTATE = /^(\d[0-9A-Z]|F0|HV|P0|XX)[0-9A-Z]{3}$/;

/** What the driver says without a code. */
const CONNECTION_LOST =
  /timeout exceeded when trying to connect|Connection terminated|Query read timeout|server closed the connection|is not queryable/i;

/** PostgreSQL committed here, and did not wait for the standby that was to have it too: nothing may be acknowledged on it. */
export class UnconfirmedCommitError extends Error {
  readonly code = '01000';

  constructor() {
    super('a commit was not confirmed by a synchronous standby: a failover may undo it');
    this.name = 'UnconfirmedCommitError';
  }
}

/** PostgreSQL answers and may not be written to, before any statement tried to. */
export class ReadOnlyError extends Error {
  readonly code = '25006';

  constructor() {
    super('PostgreSQL is read-only: a standby, a demoted primary, or set so');
    this.name = 'ReadOnlyError';
  }
}

/** SQLSTATE of a database error, or its socket code; empty for anything else. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** What the database's trouble is; null for an error that is none of its own. */
export function databaseTrouble(error: unknown): DatabaseTrouble | null {
  return meaningOf(error)?.is ?? null;
}

/** Whether what was asked may go well later: PostgreSQL is away, busy, read-only or does not let us in. */
export function isDatabaseUnavailable(error: unknown): boolean {
  const trouble = databaseTrouble(error);
  return trouble === 'not_now' || trouble === 'never';
}

/** Whether the connection that met `error` must not be used again. */
export function losesConnection(error: unknown): boolean {
  return meaningOf(error)?.losesConnection === true;
}

/** Whether the database refuses this very content, as opposed to being out of reach, busy or wrong itself. */
export function isDataRefused(error: unknown): error is Error {
  return databaseTrouble(error) === 'content';
}

/** Whether work failed by what it works on, as opposed to the database, so that it would fail like this at every try. */
export function isItemsFault(error: unknown): boolean {
  const trouble = databaseTrouble(error);
  return trouble === null || trouble === 'content';
}

function meaningOf(error: unknown): Meaning | null {
  if (!(error instanceof Error)) return null;
  const code = codeOf(error);
  const known = LONGEST_FIRST.find(([start]) => code.startsWith(start));
  if (known) return known[1];
  if (SQLSTATE.test(code)) return { is: 'ours' };
  // All addresses of a host were tried, and each has its own reason.
  if (error instanceof AggregateError)
    return error.errors.map(meaningOf).find((meaning) => meaning !== null) ?? null;
  return CONNECTION_LOST.test(error.message) ? PASSES_ELSEWHERE : null;
}
