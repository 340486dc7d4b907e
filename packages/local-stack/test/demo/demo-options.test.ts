import { describe, expect, it } from 'vitest';
import { readDemoOptions } from '../../src/demo/demo-options.ts';
import { UsageError } from '../../src/dev-options.ts';

describe('readDemoOptions', () => {
  it('runs 24 commands of seed 1 without faults when nothing is asked for', () => {
    expect(readDemoOptions([])).toEqual({ commands: 24, seed: 1, faults: false, keep: false });
  });

  it('takes what is asked for, also behind the separator of a package manager', () => {
    const args = ['--', '--commands', '500', '--seed=7', '--faults', '--keep'];
    expect(readDemoOptions(args)).toEqual({ commands: 500, seed: 7, faults: true, keep: true });
  });

  it('answers null to a call for help', () => {
    expect(readDemoOptions(['--help'])).toBeNull();
  });

  it.each([
    [['--commands', '0'], '--commands must be a whole number from 1 to 10000, not "0"'],
    [['--commands', 'many'], 'not "many"'],
    [['--seed', '-1'], '--seed'],
    [['--seed', '1.5'], '--seed must be a whole number'],
    [['--fault'], '--fault'],
    [['all'], 'all'],
  ])('refuses %j and says which part', (args, message) => {
    expect(() => readDemoOptions(args)).toThrow(UsageError);
    expect(() => readDemoOptions(args)).toThrow(message);
  });
});
