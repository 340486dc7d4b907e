/** How many calls this process made of late. */
export interface CallRate {
  count(): void;
  perSecond(): number;
}

const WINDOW_MS = 1_000;

/** Counts in windows of a second: the greater of the last whole one and the one under way. */
export function createCallRate(monotonicMs: () => number): CallRate {
  let windowAtMs = monotonicMs();
  let inWindow = 0;
  let inLast = 0;
  const turn = () => {
    const windows = Math.floor((monotonicMs() - windowAtMs) / WINDOW_MS);
    if (windows === 0) return;
    inLast = windows === 1 ? inWindow : 0;
    inWindow = 0;
    windowAtMs += windows * WINDOW_MS;
  };
  return {
    count: () => {
      turn();
      inWindow += 1;
    },
    perSecond: () => {
      turn();
      return Math.max(inLast, inWindow);
    },
  };
}
