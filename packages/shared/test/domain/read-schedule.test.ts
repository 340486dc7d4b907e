import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PAYMENT_STATUSES } from '../../src/domain/payment-status.ts';
import { nextReadMs, readOnDemandMs, reviewReadMs } from '../../src/domain/read-schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const FINAL = Object.entries(PAYMENT_STATUSES)
  .filter(([, { final }]) => final)
  .map(([status]) => status);
const OPEN = Object.entries(PAYMENT_STATUSES)
  .filter(([status, { final }]) => !final && status !== 'ATTEMPT')
  .map(([status]) => status);

const open = fc.oneof(fc.constantFrom(...OPEN), fc.constant(null));
const inFlight = fc.constantFrom('CAPTURED', 'RECEIVED', 'A_STATUS_NOBODY_KNOWS');
const reads = fc.nat({ max: 100_000 });
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const age = (min: number, max: number) => fc.integer({ min, max: max - 1 });

describe('the next read', () => {
  test('of a final payment is never made', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FINAL), age(0, 10 * DAY), reads, random, (status, ageMs, count, r) => {
        expect(nextReadMs({ status, ageMs, reads: count, random: r })).toBeNull();
      }),
    );
  });

  test('of an ATTEMPT is never made: nothing follows from it', () => {
    fc.assert(
      fc.property(age(0, 10 * DAY), reads, random, (ageMs, count, r) => {
        expect(nextReadMs({ status: 'ATTEMPT', ageMs, reads: count, random: r })).toBeNull();
      }),
    );
  });

  test('of a CAPTURED or RECEIVED payment, or one in an unknown status, younger than 5 minutes comes within 30 s', () => {
    fc.assert(
      fc.property(inFlight, age(0, 5 * MINUTE), reads, random, (status, ageMs, count, r) => {
        const waitMs = nextReadMs({ status, ageMs, reads: count, random: r });
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(30_000);
      }),
    );
  });

  test('of any open payment younger than a day comes within 10 minutes ±10 %', () => {
    fc.assert(
      fc.property(open, age(5 * MINUTE, DAY), reads, random, (status, ageMs, count, r) => {
        const waitMs = nextReadMs({ status, ageMs, reads: count, random: r });
        expect(waitMs).toBeGreaterThanOrEqual(9 * MINUTE);
        expect(waitMs).toBeLessThanOrEqual(11 * MINUTE);
      }),
    );
  });

  test('of an older open payment comes within an hour ±10 %', () => {
    fc.assert(
      fc.property(open, age(DAY, 400 * DAY), reads, random, (status, ageMs, count, r) => {
        const waitMs = nextReadMs({ status, ageMs, reads: count, random: r });
        expect(waitMs).toBeGreaterThanOrEqual(0.9 * HOUR);
        expect(waitMs).toBeLessThanOrEqual(1.1 * HOUR);
      }),
    );
  });

  test('of a payment that was just RECEIVED is made at once: nobody announces SETTLED', () => {
    expect(nextReadMs({ status: 'RECEIVED', ageMs: 0, reads: 0, random: 0 })).toBe(0);
  });

  test('in flight doubles from 250 ms to 30 s', () => {
    const waits = Array.from({ length: 9 }, (_, n) =>
      nextReadMs({ status: 'CAPTURED', ageMs: 0, reads: n, random: 0 }),
    );
    expect(waits).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });
});

test.each([
  ['just begun', 0, 30_000],
  ['of nine minutes', 9 * MINUTE, 30_000],
  ['of an hour', HOUR, 3 * MINUTE],
  ['of ten hours', 10 * HOUR, 30 * MINUTE],
  ['of a day', DAY, HOUR],
  ['of a year', 365 * DAY, HOUR],
  ['whose age is told by a clock that was set back', -HOUR, 30_000],
])('a review %s is looked at again after its wait, spread over ±10 %%', (_what, ageMs, waitMs) => {
  expect(reviewReadMs(ageMs, 0)).toBe(0.9 * waitMs);
  expect(reviewReadMs(ageMs, 0.5)).toBe(waitMs);
  expect(reviewReadMs(ageMs, 0.999_999)).toBeLessThan(1.1 * waitMs + 1);
});

test('a read on demand comes at once the first time and at growing, bounded waits when asked for again', () => {
  expect([0, 1, 2, 3].map(readOnDemandMs)).toEqual([0, 250, 500, 1_000]);
  fc.assert(
    fc.property(reads, (count) => {
      expect(readOnDemandMs(count + 1)).toBeGreaterThanOrEqual(readOnDemandMs(count));
      expect(readOnDemandMs(count)).toBeLessThanOrEqual(30_000);
    }),
  );
});
