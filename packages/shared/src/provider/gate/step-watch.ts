/** A reading of another clock, between two instants of our own that never jumps. */
export interface ClockReading {
  fromMs: number;
  untilMs: number;
  clockMs: number;
}

/** Less is drift, and harms nobody. */
const STEP_MS_MIN = 5_000;

/** @returns whether the other clock has stepped since the reading before: it went on by more or less than ours can have. */
export function createStepWatch(): (reading: ClockReading) => boolean {
  let last: ClockReading | null = null;
  return (reading) => {
    const before = last;
    last = reading;
    if (before === null) return false;
    const wentOnMs = reading.clockMs - before.clockMs;
    const leastMs = reading.fromMs - before.untilMs;
    const mostMs = reading.untilMs - before.fromMs;
    return wentOnMs < leastMs - STEP_MS_MIN || wentOnMs > mostMs + STEP_MS_MIN;
  };
}
