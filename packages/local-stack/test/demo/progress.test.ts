import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  countProgress,
  describeProgress,
  type ProgressCounts,
  showProgress,
} from '../../src/demo/progress.ts';
import { flawlessRun } from './flawless-run.ts';

const START: ProgressCounts = { total: 24, ended: 0, toSettle: 20, settled: 0, unresolved: 0, parked: 0 };

describe('countProgress', () => {
  it('counts payments once, whatever commands they have', () => {
    const counts = countProgress(flawlessRun(24).commands);
    expect(counts).toMatchObject({ total: 24, ended: 24, settled: counts.toSettle, unresolved: 0 });
    expect(counts.toSettle).toBe(flawlessRun(24).ledger.payments.length);
  });
});

describe('describeProgress', () => {
  it('says why commands wait', () => {
    expect(describeProgress({ ...START, ended: 20, settled: 17, unresolved: 3 })).toBe(
      '20/24 ended, 17/20 settled, 3 unresolved: answer lost, reading before sending again',
    );
  });
});

describe('showProgress', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  function follow(screen: { isTTY: boolean; columns?: number }) {
    const written: string[] = [];
    let counts = START;
    const write = (text: string) => written.push(text);
    const progress = showProgress({ ...screen, write }, () => counts, performance.now());
    return {
      written,
      progress,
      become: (change: Partial<ProgressCounts>) => (counts = { ...counts, ...change }),
    };
  }

  it('prints plain lines only when something changed, and repeats the last one in a long wait', () => {
    const { written, progress, become } = follow({ isTTY: false });
    vi.advanceTimersByTime(5_000);
    expect(written).toHaveLength(1);
    become({ ended: 3 });
    vi.advanceTimersByTime(5_000);
    expect(written).toHaveLength(2);
    vi.advanceTimersByTime(15_000);
    expect(written).toHaveLength(3);
    progress.stop();
    expect(written).toHaveLength(3);
    expect(written.at(-1)).toMatch(/3\/24 ended, 0\/20 settled\n$/);
  });

  it('renews one line on a terminal and never makes it wider than that', () => {
    const { written, progress, become } = follow({ isTTY: true, columns: 60 });
    become({ ended: 20, unresolved: 4 });
    vi.advanceTimersByTime(1_000);
    progress.stop();
    expect(written.slice(0, -1).every((text) => text.startsWith('\r') && !text.includes('\n'))).toBe(true);
    expect(written.at(-1)?.endsWith('\n')).toBe(true);
    expect(Math.max(...written.map((text) => text.replace('\r\u001b[2K', '').trimEnd().length))).toBe(59);
  });
});
