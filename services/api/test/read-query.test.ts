import { expect, test } from 'vitest';
import { readWaitMs } from '../src/read-query.ts';

test.each([
  ['0', 0],
  ['30', 30_000],
  ['55', 55_000],
  ['56', 55_000],
  ['60', 55_000],
])('a wait of %s s lasts %i ms, less than the minute after which proxies cut', (wait, ms) =>
  expect(readWaitMs({ wait })).toBe(ms),
);

test.each(['61', '-1', '1.5', 'x', ''])('a wait of "%s" is refused', (wait) => {
  expect(() => readWaitMs({ wait })).toThrow('must be a whole number of seconds');
});
