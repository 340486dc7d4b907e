const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Waits after the first, second, … failure of an event; the last one repeats. Together a little over three days. */
const WAITS_MS = [
  5 * SECOND,
  MINUTE,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;

/** Milliseconds until an event that failed `failures` times is pushed again, spread over ±20 %; `random` in [0, 1). */
export function pushDelayMs(failures: number, random: number): number {
  const index = Math.min(Math.max(failures, 1), WAITS_MS.length) - 1;
  return Math.round((WAITS_MS[index] ?? 24 * HOUR) * (0.8 + 0.4 * random));
}

/** As long as nothing at all was taken for this time, nobody listens there. */
export const DISABLED_AFTER_MS = 5 * 24 * HOUR;
