import { expect, test } from 'vitest';
import { waitForAnnouncement } from '../../src/db/wait-for-announcement.ts';

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
