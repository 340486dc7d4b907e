import { expect, test } from 'vitest';
import { shareLook, waitForAnnouncement } from '../../src/db/wait-for-announcement.ts';

test('it listens before it looks, so that progress in between is not missed', async () => {
  const order: string[] = [];
  const listener = {
    next: async () => {
      order.push('listen');
      return true;
    },
    close: async () => {},
  };
  const states = ['open', 'done'];
  const state = await waitForAnnouncement({
    listener,
    key: 'p',
    waitMs: 30_000,
    signal: new AbortController().signal,
    look: async () => {
      order.push('look');
      return states.shift();
    },
    isDone: (seen) => seen === 'done',
  });

  expect(state).toBe('done');
  expect(order).toEqual(['listen', 'look', 'listen', 'look']);
});

test('it looks again within a second although nothing is announced', async () => {
  const waits: number[] = [];
  const listener = {
    next: async (_key: string, waitMs: number) => {
      waits.push(waitMs);
      return false;
    },
    close: async () => {},
  };
  let looks = 0;
  await waitForAnnouncement({
    listener,
    key: 'p',
    waitMs: 30_000,
    signal: new AbortController().signal,
    look: async () => ++looks,
    isDone: (seen) => seen === 3,
  });

  expect(waits).toEqual([1_000, 1_000, 1_000]);
});

test('a hundred who are waked at once share one look, and who comes while it is under way the next', async () => {
  const begun: (() => void)[] = [];
  const look = shareLook(() => {
    const at = begun.length + 1;
    return new Promise<number>((resolve) => begun.push(() => resolve(at)));
  });
  const first = Array.from({ length: 100 }, look);
  await Promise.resolve();
  const second = Array.from({ length: 100 }, look);
  expect(begun).toHaveLength(1);
  begun[0]?.();
  expect(new Set(await Promise.all(first))).toEqual(new Set([1]));
  begun[1]?.();
  expect(new Set(await Promise.all(second))).toEqual(new Set([2]));
  expect(begun).toHaveLength(2);
});

test('a look that fails fails for those who shared it, and for nobody after them', async () => {
  const answers = [Promise.reject(new Error('away')), Promise.resolve('seen')];
  const look = shareLook(() => answers.shift() as Promise<string>);
  const asked = [look(), look()];
  await expect(Promise.allSettled(asked)).resolves.toMatchObject([
    { status: 'rejected' },
    { status: 'rejected' },
  ]);
  expect(await look()).toBe('seen');
});
