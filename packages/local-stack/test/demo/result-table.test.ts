import { describe, expect, it } from 'vitest';
import { ROWS_MAX, renderResults } from '../../src/demo/result-table.ts';
import { flawlessRun } from './flawless-run.ts';

function render(count: number, spoil?: number): string[] {
  const commands = flawlessRun(count).commands.map((tracked) =>
    tracked.planned.number === spoil ? { planned: tracked.planned } : tracked,
  );
  return renderResults(commands).split('\n');
}

describe('renderResults', () => {
  it.each([1, 8, 24, 25, 500, 10_000])('fits 100 columns with %i commands', (count) => {
    expect(Math.max(...render(count).map((line) => line.length))).toBeLessThanOrEqual(100);
  });

  it('shows every command of a small run in a row of its own', () => {
    const lines = render(ROWS_MAX);
    expect(lines).toHaveLength(1 + ROWS_MAX);
    expect(lines.slice(1).every((line) => line.endsWith('✔'))).toBe(true);
  });

  it('shows amount, end of the command and of the payment, and the time it took', () => {
    const [, collect] = render(8);
    expect(collect).toMatch(/ 1 COLLECT .* 30,000\.00 COP succeeded +SETTLED +1\.5 s ✔$/);
  });

  it('shows the fixed commands and counts the others of a large run', () => {
    const lines = render(500);
    expect(lines.length).toBeLessThan(2 * ROWS_MAX);
    const counted = lines
      .slice(lines.findIndex((line) => line.startsWith('Count')) + 1)
      .map((line) => Number.parseInt(line, 10));
    expect(counted.reduce((sum, count) => sum + count, 0)).toBe(500 - 13);
  });

  it('gives a row of its own to whatever went wrong', () => {
    const row = render(500, 321).find((line) => line.trimStart().startsWith('321 '));
    expect(row).toMatch(/unknown .* ✘$/);
  });
});
