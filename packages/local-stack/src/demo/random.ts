/** Numbers that depend on a seed alone; good enough to vary a workload, not for secrets. */
export interface Random {
  /** A whole number, both bounds included. */
  whole(min: number, max: number): number;
  /** @throws RangeError when there is nothing to pick from. */
  pick<T>(items: readonly T[]): T;
}

/** The mulberry32 generator: 32 bits of state, every seed usable. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (min: number, max: number) => min + Math.floor(next() * (max - min + 1));
  return {
    whole,
    pick: (items) => {
      const index = whole(0, items.length - 1);
      if (!(index in items)) throw new RangeError('cannot pick from an empty list');
      return items[index] as (typeof items)[number];
    },
  };
}
