import { parseContent } from '@capstan/shared/domain/problem';
import { z } from 'zod';
import { invalidContent, RefusedError } from './problem.ts';

const WAIT_S_MAX = 60;
const waitMessage = `must be a whole number of seconds from 0 to ${WAIT_S_MAX}`;

const waitQuery = z.strictObject({
  wait: z
    .string(waitMessage)
    .regex(/^\d{1,2}$/, waitMessage)
    .transform(Number)
    .refine((seconds) => seconds <= WAIT_S_MAX, waitMessage)
    .default(0),
});

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
