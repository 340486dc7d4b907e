import { expect, test } from 'vitest';
import { batchCalls } from '../src/batch-calls.ts';

/** A run that ends when told to, so that calls can gather behind it. */
function heldRuns() {
  const runs: { items: number[]; finish: () => void; fail: (error: Error) => void }[] = [];
  const run = (items: number[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<number[]>();
    runs.push({ items, finish: () => resolve(items.map((item) => item * 10)), fail: reject });
    return promise;
  };
  return { run, runs };
}

test('a lone call runs at once, and calls that come meanwhile go together', async () => {
  const { run, runs } = heldRuns();
  const call = batchCalls(run, 100);
  const answers = [call(1), call(2), call(3)];
  expect(runs.map(({ items }) => items)).toEqual([[1]]);

  runs[0]?.finish();
  expect(await answers[0]).toBe(10);
  await expect.poll(() => runs.length).toBe(2);
  runs[1]?.finish();
  expect(await Promise.all(answers)).toEqual([10, 20, 30]);
  expect(runs.map(({ items }) => items)).toEqual([[1], [2, 3]]);
});

test('a list has a bound; the rest waits for the next', async () => {
  const sizes: number[] = [];
  const call = batchCalls(async (items: number[]) => {
    sizes.push(items.length);
    return items;
  }, 3);
  await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(call));

  expect(sizes).toEqual([1, 3, 3, 1]);
});

test('a failed list fails its own calls and no others', async () => {
  const { run, runs } = heldRuns();
  const call = batchCalls(run, 100);
  const answers = Promise.allSettled([call(1), call(2), call(3)]);
  runs[0]?.finish();
  await expect.poll(() => runs.length).toBe(2);
  const late = call(4);
  runs[1]?.fail(new Error('lost'));
  await expect.poll(() => runs.length).toBe(3);
  runs[2]?.finish();

  expect((await answers).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(await late).toBe(40);
});
