import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, PROVIDER_BACKOFF } from '../../src/retry/backoff.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('the middle of the spread is 1 s doubling to 32 s', () => {
  expect([1, 2, 3, 4, 5, 6, 7, 40].map((failures) => backoffMs(failures, 0.5))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 32_000, 32_000,
  ]);
});

test('every wait lies within ±25 % of its step, for any number of failures and any policy', () => {
  const policy = fc.record({
    firstMs: fc.integer({ min: 1, max: 60_000 }),
    maxMs: fc.integer({ min: 60_000, max: 3_600_000 }),
  });
  fc.assert(
    fc.property(fc.nat(), random, fc.option(policy, { nil: undefined }), (failures, r, given) => {
      const { firstMs, maxMs } = given ?? PROVIDER_BACKOFF;
      const step = Math.min(firstMs * 2 ** (Math.max(failures, 1) - 1), maxMs);
      const waitMs = backoffMs(failures, r, given);
      expect(waitMs).toBeGreaterThanOrEqual(Math.floor(step * 0.75));
      expect(waitMs).toBeLessThanOrEqual(Math.ceil(step * 1.25));
      expect(Number.isInteger(waitMs)).toBe(true);
    }),
  );
});

test('two workers that failed together come back apart', () => {
  expect(backoffMs(3, 0.1)).not.toBe(backoffMs(3, 0.9));
});
