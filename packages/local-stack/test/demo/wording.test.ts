import { describe, expect, it } from 'vitest';
import { sayAmount, sayDuration, sayLabeled, wrap } from '../../src/demo/wording.ts';

describe('sayAmount', () => {
  it.each([
    ['30000.00', 'COP', '30,000.00 COP'],
    ['49990', 'CLP', '49,990 CLP'],
    ['999', 'CLP', '999 CLP'],
    ['10.005', 'COP', '10.005 COP'],
    ['1234567.890123', 'USDC', '1,234,567.890123 USDC'],
    ['-15000.00', 'COP', '-15,000.00 COP'],
  ])('says %s %s as %s', (amount, currency, said) => {
    expect(sayAmount(amount, currency)).toBe(said);
  });
});

describe('sayDuration', () => {
  it.each([
    [49, '0.0 s'],
    [1_234, '1.2 s'],
    [119_900, '119.9 s'],
    [128_000, '2 min 8 s'],
  ])('says %i ms as %s', (ms, said) => {
    expect(sayDuration(ms)).toBe(said);
  });
});

describe('wrap', () => {
  it('breaks between words only', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  });

  it('leaves a long word whole', () => {
    expect(wrap('see https://example.com/a/long/path now', 10)).toEqual([
      'see',
      'https://example.com/a/long/path',
      'now',
    ]);
  });
});

describe('sayLabeled', () => {
  it('sets the lines of the text under each other, within 100 columns', () => {
    const lines = sayLabeled('Refused', 'word '.repeat(40).trim()).split('\n');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.every((line) => line.length <= 100)).toBe(true);
    expect(lines.slice(1).every((line) => line.startsWith(' '.repeat(14)))).toBe(true);
  });
});
