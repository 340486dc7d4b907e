import { parseContent } from '@capstan/shared/domain/problem';
import { z } from 'zod';
import { invalidContent, RefusedError } from './problem.ts';

const WAIT_S_MAX = 60;
/** A proxy that cuts what takes a minute, as most do, must not cut an answer. */
const WAITED_S_MAX = 55;
const waitMessage = `must be a whole number of seconds from 0 to ${WAIT_S_MAX}`;

/** Seconds to wait for something to be told. */
export const waitFilter = z
  .string(waitMessage)
  .regex(/^\d{1,2}$/, waitMessage)
  .transform(Number)
  .refine((seconds) => seconds <= WAIT_S_MAX, waitMessage)
  .transform((seconds) => Math.min(seconds, WAITED_S_MAX))
  .default(0)
  .meta({ type: 'integer', minimum: 0, maximum: WAIT_S_MAX, description: 'Seconds to wait.' });

export const waitQuery = z.strictObject({ wait: waitFilter });

const externalIdMessage = 'must have 1 to 200 characters';
/** Filters by the caller's own name of a payment. */
export const externalIdFilter = z
  .string(externalIdMessage)
  .regex(/^[^\0]{1,200}$/u, externalIdMessage)
  .describe("The caller's own name of the payment.");

const wordMessage = 'must be a word of Conomy in capital letters, such as SETTLED';
/** Filters by a status or type of Conomy's; any word of its kind, since new ones may come. */
export const providerWordFilter = z.string(wordMessage).regex(/^[A-Z][A-Z0-9_]{0,49}$/, wordMessage);

const DAY_MS = 86_400_000;
const timeMessage = 'must be a day (2026-05-18) or an RFC 3339 instant (2026-05-18T10:00:00Z)';

/** Filters by time of acceptance: from its instant or day on, or up to it; the day `to` counts whole, in UTC. */
export function timeFilter(end: 'from' | 'to') {
  const day = z.iso.date(timeMessage).transform((text) => {
    const start = Date.parse(`${text}T00:00:00Z`);
    return new Date(end === 'from' ? start : start + DAY_MS);
  });
  const instant = z.iso.datetime({ offset: true, error: timeMessage }).transform((text) => new Date(text));
  return z
    .union([day, instant], { error: timeMessage })
    .describe(
      end === 'from' ? 'Accepted at or after.' : 'Accepted before this instant, or on or before this day.',
    );
}

/** `?wait=` in milliseconds; 0 when not given. @throws {RefusedError} naming a bad or unknown parameter. */
export function readWaitMs(query: unknown): number {
  return readQuery(waitQuery, query).wait * 1_000;
}

/** Reads query parameters. @throws {RefusedError} with a pointer to each one that is bad or does not belong. */
export function readQuery<T>(schema: z.ZodType<T>, query: unknown): T {
  const parsed = parseContent(schema, query);
  if (!parsed.ok) throw new RefusedError(invalidContent(parsed.faults));
  return parsed.value;
}
