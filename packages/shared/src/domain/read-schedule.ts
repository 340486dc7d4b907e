import { isFinalStatus, isKnownStatus } from './payment-status.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** States in which the provider is at work and a next state is near. */
const IN_FLIGHT: ReadonlySet<string> = new Set(['CAPTURED', 'RECEIVED']);

export interface ReadScheduleInput {
  status: string | null;
  /** Time since the mirror entered that status. */
  ageMs: number;
  /** Reads made since then. */
  reads: number;
  /** In [0, 1). */
  random: number;
}

/**
 * Milliseconds until the payment is read again; null when it need not be.
 *
 * | status | age | wait |
 * | --- | --- | --- |
 * | RECEIVED | just entered | none: its next state is never announced (dossier §6.3) |
 * | CAPTURED, RECEIVED | under 5 min | 250 ms doubling to 30 s |
 * | one nobody knows | under 5 min | the same: it may have been told in error, or be left soon |
 * | ATTEMPT | any | never: it moves nothing and nothing follows from it |
 * | any not final | under a day | 10 min |
 * | any not final | older | 1 h |
 *
 * Waits of a minute and more are spread over ±10 %, so that payments of one burst drift apart.
 */
export function nextReadMs({ status, ageMs, reads, random }: ReadScheduleInput): number | null {
  if (isFinalStatus(status) || status === 'ATTEMPT') return null;
  const isNear = status !== null && (IN_FLIGHT.has(status) || !isKnownStatus(status));
  if (isNear && ageMs < 5 * MINUTE) {
    return status === 'RECEIVED' ? readOnDemandMs(reads) : growingMs(reads);
  }
  return Math.round((ageMs < DAY ? 10 * MINUTE : HOUR) * (0.9 + random / 5));
}

/**
 * Milliseconds until a payment is read again for the step that its review holds, by how long it has been under review: 30 s
 * in the first ten minutes, when most reviews end, then a twentieth of its age, and an hour from 20 hours on; spread over
 * ±10 %. A delivery that says the review is over does not wait for it.
 */
export function reviewReadMs(ageMs: number, random: number): number {
  const waitMs = Math.min(Math.max(ageMs / 20, 30 * SECOND), HOUR);
  return Math.round(waitMs * (0.9 + random / 5));
}

/** The wait before a read that a doubtful observation asks for: none at first, growing so that repeats are capped. */
export function readOnDemandMs(reads: number): number {
  return reads === 0 ? 0 : growingMs(reads - 1);
}

function growingMs(reads: number): number {
  return Math.min(250 * 2 ** Math.min(reads, 10), 30 * SECOND);
}
