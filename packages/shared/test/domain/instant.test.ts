import { expect, test } from 'vitest';
import { toUtcInstant } from '../../src/domain/instant.ts';

test.each([
  ['2999-01-01T00:00:00Z', '2999-01-01T00:00:00.000Z'],
  ['2999-01-01T00:00:00+23:00', '2998-12-31T01:00:00.000Z'],
  ['2999-01-01T00:00:00-16:30', '2999-01-01T16:30:00.000Z'],
  ['2999-01-01T00:00:00-0500', '2999-01-01T05:00:00.000Z'],
  ['2999-06-01T00:00Z', '2999-06-01T00:00:00.000Z'],
  ['2999-06-01T00:00:00.123999999Z', '2999-06-01T00:00:00.123Z'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ['2028-02-29T12:00:00Z', '2028-02-29T12:00:00.000Z'],
])('%s is %s', (text, utc) => {
  expect(toUtcInstant(text)).toBe(utc);
});

test.each([
  ['an instant beyond the year 9999', '9999-12-31T23:59:59-15:00'],
  ['an instant before the year 1', '0001-01-01T00:00:00+01:00'],
  ['a day that no calendar has', '2026-02-30T00:00:00Z'],
  ['a month that no year has', '2026-13-01T00:00:00Z'],
  ['an hour that no day has', '2026-01-01T25:00:00Z'],
  ['an offset that no place has', '2026-01-01T00:00:00+24:00'],
  ['a time without an offset', '2026-01-01T00:00:00'],
  ['a day alone', '2026-01-01'],
  ['another text', 'tomorrow'],
])('%s is none', (_what, text) => {
  expect(toUtcInstant(text)).toBeNull();
});
