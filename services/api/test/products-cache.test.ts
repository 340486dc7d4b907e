/** The provider's answers, kept: one read for all who ask, and the answer before it when a read fails. */
import type { ProviderFailure, ProviderResult } from '@capstan/shared/provider/payment-provider';
import { beforeEach, describe, expect, test } from 'vitest';
import { type CachedRead, createReadCache } from '../src/products-cache.ts';

const TTL_MS = 600_000;
const outage: ProviderFailure = { stage: 'not_sent', reason: 'connect_refused' };

let nowMs: number;
let reads: number;
let answer: ProviderResult<string>;
let cached: CachedRead<string>;

const load = async () => {
  reads += 1;
  return answer;
};
const found = (value: string) => ({ ok: true, value }) as const;
const failed = (failure: ProviderFailure) => ({ ok: false, failure }) as const;

beforeEach(() => {
  nowMs = 1_000_000;
  reads = 0;
  answer = found('first');
  cached = createReadCache(TTL_MS, { now: () => nowMs });
});

test('an answer is kept for its time and says when it was read', async () => {
  const asOf = new Date(nowMs);
  expect(await cached('a', load)).toEqual({ ok: true, value: 'first', asOf });

  nowMs += TTL_MS - 1;
  answer = found('second');
  expect(await cached('a', load)).toEqual({ ok: true, value: 'first', asOf });
  expect(reads).toBe(1);

  nowMs += 1;
  expect(await cached('a', load)).toEqual({ ok: true, value: 'second', asOf: new Date(nowMs) });
});

test('who asks during a read shares it; another key is read by itself', async () => {
  const { promise, resolve } = Promise.withResolvers<ProviderResult<string>>();
  const slow = () => {
    reads += 1;
    return promise;
  };
  const together = [cached('a', slow), cached('a', slow), cached('b', load)];
  resolve(found('shared'));

  expect(await Promise.all(together)).toMatchObject([
    { value: 'shared' },
    { value: 'shared' },
    { value: 'first' },
  ]);
  expect(reads).toBe(2);
});

test('when a read fails the answer before it is given on, with its own age', async () => {
  const asOf = new Date(nowMs);
  await cached('a', load);
  nowMs += 10 * TTL_MS;
  answer = failed(outage);

  expect(await cached('a', load)).toEqual({ ok: true, value: 'first', asOf });
});

test('without an answer before it a failure is the answer, and nobody asks again for five seconds', async () => {
  answer = failed(outage);
  expect(await cached('a', load)).toEqual(failed(outage));
  answer = found('back');
  nowMs += 4_999;
  expect(await cached('a', load)).toEqual(failed(outage));
  nowMs += 1;
  expect(await cached('a', load)).toMatchObject(found('back'));
  expect(reads).toBe(2);
});

describe('a clear refusal', () => {
  test.each([400, 403, 404, 422, 501])('%i is not covered up by an older answer', async (httpStatus) => {
    await cached('a', load);
    nowMs += TTL_MS;
    const refusal: ProviderFailure = { stage: 'answered', reason: `http_${httpStatus}`, httpStatus };
    answer = failed(refusal);
    expect(await cached('a', load)).toEqual(failed(refusal));
  });
});

test('the least recently used answers make room', async () => {
  for (let key = 0; key < 1_000; key += 1) await cached(String(key), load);
  await cached('0', load);
  await cached('one more', load);
  reads = 0;

  await cached('0', load);
  expect(reads).toBe(0);
  await cached('1', load);
  expect(reads).toBe(1);
});
