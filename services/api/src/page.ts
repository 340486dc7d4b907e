import { toUtcInstant } from '@capstan/shared/domain/instant';
import { z } from 'zod';
import { RefusedError } from './problem.ts';

const LIMIT_MAX = 200;
const LIMIT_DEFAULT = 50;
const limitMessage = `must be a whole number from 1 to ${LIMIT_MAX}`;

export function limitFilter(limitDefault: number) {
  return z
    .string(limitMessage)
    .regex(/^[1-9]\d{0,2}$/, limitMessage)
    .transform(Number)
    .refine((limit) => limit <= LIMIT_MAX, limitMessage)
    .default(limitDefault)
    .meta({ type: 'integer', minimum: 1, maximum: LIMIT_MAX, description: 'How many at most.' });
}

/** The query parameters of every list. */
export function pageQuery(limitDefault: number = LIMIT_DEFAULT) {
  return {
    limit: limitFilter(limitDefault),
    cursor: z
      .string('must be the next of the page before')
      .optional()
      .describe('The `next` of the page before, unchanged.'),
  };
}

/** The instant of a place, to the microsecond, as PostgreSQL writes it: with an offset it takes back. */
export const placeInstant = z.iso
  .datetime({ offset: true })
  .refine((text) => toUtcInstant(text) !== null && /(?:Z|[+-](?:0\d|1[0-4]):\d\d)$/.test(text));

/** Turns a place in a list into the text callers send back; they are not to look inside. */
export function toCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * Reads a cursor; null when there is none.
 * @throws {RefusedError} when it is not one that this list gave out.
 */
export function readCursor<T>(place: z.ZodType<T>, cursor: string | undefined): T | null {
  if (cursor === undefined) return null;
  const parsed = place.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString('utf8')));
  return parsed.success ? parsed.data : refuseCursor();
}

export function refuseCursor(): never {
  const message = 'is not a cursor of this list: send the next of the page before, unchanged, or none';
  throw new RefusedError({
    code: 'validation_failed',
    detail: `The cursor ${message}.`,
    errors: [{ path: '/cursor', message }],
  });
}

/** Asked for one more than `limit`, so that the last page knows it is the last. */
export function cutPage<T>(
  rows: readonly T[],
  limit: number,
  placeOf: (row: T) => unknown,
): { rows: readonly T[]; next: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    rows: page,
    next: rows.length > limit && last !== undefined ? toCursor(placeOf(last)) : null,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
