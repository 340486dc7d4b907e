const FIRST_RETRY_MS = 30_000;
const RETRY_MS_MAX = 3_600_000;
const GIVE_UP_AFTER_MS = 24 * 3_600_000;

/** Milliseconds to wait after `failures` (≥ 1) failed deliveries of one event; null = give up. */
export type RetrySchedule = (failures: number) => number | null;

/**
 * The documented rule: 30 s doubling, capped at one hour, until 24 hours have passed.
 *
 * | failures so far | wait | since the first delivery |
 * | --- | --- | --- |
 * | 1 | 30 s | 30 s |
 * | 2 | 60 s | 90 s |
 * | 7 | 32 min | 63.5 min |
 * | 8 to 29 | 1 h each | up to 23 h 3.5 min |
 * | 30 | none: given up | |
 */
export const documentedRetryDelayMs: RetrySchedule = (failures) => {
  let elapsedMs = 0;
  for (let failure = 1; failure <= failures; failure += 1) elapsedMs += growingDelayMs(failure);
  return elapsedMs <= GIVE_UP_AFTER_MS ? growingDelayMs(failures) : null;
};

function growingDelayMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), RETRY_MS_MAX);
}
