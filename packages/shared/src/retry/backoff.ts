/**
 * Backoff with jitter: 1 s doubling to 32 s (Conomy's documented advice), each spread over ±25 % so that
 * workers that failed together do not come back together.
 *
 * | failures so far | wait before the next try | about, since the first |
 * | --- | --- | --- |
 * | 1 | 1 s | 1 s |
 * | 2 | 2 s | 3 s |
 * | 3 | 4 s | 7 s |
 * | 4 | 8 s | 15 s |
 * | 5 | 16 s | 31 s |
 * | 6 and more | 32 s | +32 s each |
 */
export interface BackoffPolicy {
  firstMs: number;
  maxMs: number;
}

export const PROVIDER_BACKOFF: BackoffPolicy = { firstMs: 1_000, maxMs: 32_000 };

/** Milliseconds to wait after `failures` (≥ 1) failures in a row; `random` is in [0, 1). */
export function backoffMs(
  failures: number,
  random: number,
  policy: BackoffPolicy = PROVIDER_BACKOFF,
): number {
  const doublings = Math.min(Math.max(failures, 1) - 1, 30);
  const base = Math.min(policy.firstMs * 2 ** doublings, policy.maxMs);
  return Math.round(base * (0.75 + random / 2));
}
