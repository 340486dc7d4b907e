import { describe, expect, it } from 'vitest';
import { runBounded } from '../../src/demo/run-bounded.ts';

describe('runBounded', () => {
  it('never has more than the limit under way and keeps the order of the items', async () => {
    let underWay = 0;
    let most = 0;
    const results = await runBounded([5, 4, 3, 2, 1], 2, async (item) => {
      most = Math.max(most, ++underWay);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      underWay -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 40, 30, 20, 10]);
    expect(most).toBe(2);
  });

  it('begins nothing new after a failure and throws it', async () => {
    const begun: number[] = [];
    const work = async (item: number) => {
      begun.push(item);
      if (item === 2) throw new Error('no second item');
    };
    await expect(runBounded([1, 2, 3, 4, 5], 1, work)).rejects.toThrow('no second item');
    expect(begun).toEqual([1, 2]);
  });
});
