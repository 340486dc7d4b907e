import type { CommandStatus } from '@capstan/shared/domain/command-status';
import { hasCommandEnded, type TrackedCommand } from './tracked-command.ts';
import { cut, sayDuration, WIDTH } from './wording.ts';
import { settlingBody } from './workload.ts';

/** Where the progress is shown; `process.stdout` is one. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

export interface ProgressCounts {
  total: number;
  /** Commands that have ended. */
  ended: number;
  /** Payments and refunds that are to settle. */
  toSettle: number;
  settled: number;
  /** Commands whose last answer was lost. */
  unresolved: number;
  parked: number;
}

export function countProgress(all: readonly TrackedCommand[]): ProgressCounts {
  const count = (status: CommandStatus) => all.filter(({ command }) => command?.status === status).length;
  const toSettle = all.filter(({ planned }) => settlingBody(planned) !== null || planned.refunds);
  return {
    total: all.length,
    ended: all.filter(hasCommandEnded).length,
    toSettle: toSettle.length,
    settled: toSettle.filter(({ payment }) => payment?.status === 'SETTLED').length,
    unresolved: count('unresolved'),
    parked: count('parked'),
  };
}

export function describeProgress(counts: ProgressCounts): string {
  const { total, ended, toSettle, settled, unresolved, parked } = counts;
  return [
    `${ended}/${total} ended`,
    `${settled}/${toSettle} settled`,
    ...(unresolved > 0 ? [`${unresolved} unresolved: answer lost, reading before sending again`] : []),
    ...(parked > 0 ? [`${parked} parked: waiting for a person`] : []),
  ].join(', ');
}

const BAR = 8;

export function drawBar({ settled, toSettle, ended, total }: ProgressCounts): string {
  const filled = Math.floor((BAR * (ended + settled)) / Math.max(total + toSettle, 1));
  return `[${'█'.repeat(filled)}${'░'.repeat(BAR - filled)}]`;
}

/** A line that renews itself on a terminal; elsewhere at most one line per second, when something changed. */
export function showProgress(
  screen: Screen,
  read: () => ProgressCounts,
  startedAtMs: number,
): { stop(): void } {
  const painter = screen.isTTY ? paintInPlace(screen, startedAtMs) : printWhenChanged(screen, startedAtMs);
  const timer = setInterval(() => painter.paint(read()), screen.isTTY ? 200 : 1_000);
  return {
    stop: () => {
      clearInterval(timer);
      painter.finish(read());
    },
  };
}

interface Painter {
  paint(counts: ProgressCounts): void;
  finish(counts: ProgressCounts): void;
}

const ERASE_LINE = '\r\u001b[2K';

function paintInPlace(screen: Screen, startedAtMs: number): Painter {
  const line = (counts: ProgressCounts) => {
    const width = Math.min(screen.columns || WIDTH, WIDTH) - 1;
    return cut(`${sayElapsed(startedAtMs)}  ${drawBar(counts)} ${describeProgress(counts)}`, width);
  };
  return {
    paint: (counts) => screen.write(ERASE_LINE + line(counts)),
    finish: (counts) => screen.write(`${ERASE_LINE}${line(counts)}\n`),
  };
}

/** Long waits are part of the demo; a silent screen would look like a hang. */
const REPEAT_MS = 15_000;

function printWhenChanged(screen: Screen, startedAtMs: number): Painter {
  let last = { text: '', atMs: 0 };
  const print = (text: string) => {
    screen.write(`${sayElapsed(startedAtMs)}  ${text}\n`);
    last = { text, atMs: performance.now() };
  };
  return {
    paint: (counts) => {
      const text = describeProgress(counts);
      if (text !== last.text || performance.now() - last.atMs >= REPEAT_MS) print(text);
    },
    finish: (counts) => {
      const text = describeProgress(counts);
      if (text !== last.text) print(text);
    },
  };
}

/** Time since `startedAtMs` on the monotonic clock, as wide for any run. */
export function sayElapsed(startedAtMs: number): string {
  return sayDuration(performance.now() - startedAtMs).padStart(10);
}
