import { describe, expect, it } from 'vitest';
import { readRetryAfterMs } from '../../../src/provider/conomy/answer-failure.ts';

const NOW_MS = Date.parse('2026-05-18T10:00:00Z');

describe('readRetryAfterMs', () => {
  const cases: [name: string, headers: Record<string, string | string[]>, expected: number | null][] = [
    ['seconds', { 'retry-after': '120' }, 120_000],
    ['an HTTP date', { 'retry-after': 'Mon, 18 May 2026 10:00:30 GMT' }, 30_000],
    ['a date that has passed', { 'retry-after': 'Mon, 18 May 2026 09:00:00 GMT' }, 0],
    ['more than an hour', { 'retry-after': '86400' }, 3_600_000],
    ['something unreadable', { 'retry-after': 'soon' }, null],
    ['nothing', {}, null],
    ['the reset of a rate limit in seconds', { 'x-ratelimit-reset': '15' }, 15_000],
    ['the reset of a rate limit as an epoch', { 'ratelimit-reset': String(NOW_MS / 1_000 + 20) }, 20_000],
    ['Retry-After before a rate limit', { 'retry-after': '2', 'conomy-ratelimit-reset': '50' }, 2_000],
    ['the first of several', { 'retry-after': ['4', '9'] }, 4_000],
  ];

  it.each(cases)('%s', (_name, headers, expected) => {
    expect(readRetryAfterMs(headers, NOW_MS)).toBe(expected);
  });
});
