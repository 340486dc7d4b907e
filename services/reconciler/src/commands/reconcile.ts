import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseEnv } from '@capstan/shared/config/parse-env';
import { createAnnouncer, PROGRESS } from '@capstan/shared/db/announcements';
import { completeDay, type Day } from '@capstan/shared/db/compared-days';
import { createLifecycle } from '@capstan/shared/process/lifecycle';
import { openDatabase } from '@capstan/shared/process/open-database';
import { openProvider } from '@capstan/shared/process/open-provider';
import { openSender } from '@capstan/shared/queue/sender';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { type Comparison, compareDays } from '../comparison/compare-days.ts';
import { type DayReport, needsAPerson } from '../comparison/day-report.ts';
import { daysFrom } from '../comparison/days.ts';
import { assertWritable, toReport, verdict, writeReport } from '../comparison/write-report.ts';
import { reconcilerSettings } from '../config.ts';
import { CommandLineError, type Screen } from './command-line-error.ts';

const DAYS_MAX = 366;
const CONNECTIONS = 4;

/**
 * `capstan reconcile`: compares days, with progress, and writes a report.
 * @returns the exit code: 0 when nothing is left to do, 1 when a person has to look.
 * @throws {CommandLineError} or a {ConfigError}, both before anything was read.
 */
export async function runReconcile(
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  screen: Screen,
): Promise<0 | 1> {
  const { comparison, folder } = readArguments(args);
  await assertWritable(folder);
  const config = parseEnv(reconcilerSettings, env);
  const log = createLogger('capstan', 'error');
  const lifecycle = createLifecycle(log);
  try {
    const pool = await openDatabase(config, { name: 'capstan', connectionsMax: CONNECTIONS }, log, lifecycle);
    const { provider } = await openProvider(config, CONNECTIONS, pool, log, lifecycle);
    const reads = openSender('reads', config.QUEUE_URL, log);
    lifecycle.onStop('reads sender', () => reads.close());
    const progress = createAnnouncer(pool, PROGRESS, log);
    lifecycle.onStop('progress announcer', () => progress.idle());
    screen.write(`${sayPlan(comparison)} against ${config.CONOMY_BASE_URL}\n`);
    const shown = showPages(screen, comparison);
    const context = {
      pool,
      provider,
      reads,
      progress,
      log,
      random: Math.random,
      wait: delay,
      onPage: shown.onPage,
    };
    const days: DayReport[] = [];
    await compareDays(context, comparison, async (report) => {
      days.push(report);
      shown.onDay(report);
      const { findings, ...counts } = report;
      if (report.gap === null && comparison.mode !== 'report')
        await completeDay(pool, report.day, { ...counts, differed: findings.length });
    });
    const { from, to, mode } = comparison;
    const about = { madeAt: new Date().toISOString(), conomyBaseUrl: config.CONOMY_BASE_URL, from, to, mode };
    const report = toReport(about, days);
    const paths = await writeReport(folder, report);
    for (const { currency, listed, mirrored, refunds, agreed } of report.totals.sums)
      screen.write(
        `  ${currency}  ${listed} listed, ${mirrored} mirrored, ${refunds} refunds, ${agreed} agree\n`,
      );
    screen.write(`${verdict(report)}\nReport: ${paths.page} and ${paths.json}\n`);
    return days.some(needsAPerson) ? 1 : 0;
  } finally {
    await lifecycle.stop();
  }
}

function readArguments(args: readonly string[]): { comparison: Comparison; folder: string } {
  const { values } = parse(args);
  if (values.from === undefined) throw new CommandLineError('--from is missing: name the first day');
  const from = readDay('--from', values.from);
  const to = readDay('--to', values.to ?? from);
  if (to < from) throw new CommandLineError(`--to ${to} is before --from ${from}`);
  const days = daysFrom(from, to).length;
  if (days > DAYS_MAX)
    throw new CommandLineError(`${days} days are too many for one report: ${DAYS_MAX} at most`);
  if (values['dry-run'] && values.repair)
    throw new CommandLineError('--dry-run and --repair contradict each other: give one of them');
  const mode = values['dry-run'] ? 'report' : values.repair ? 'repair' : 'settle';
  return { comparison: { from, to, mode }, folder: values.report };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        repair: { type: 'boolean', default: false },
        report: { type: 'string', default: 'reports' },
      },
    });
  } catch (error) {
    throw new CommandLineError((error as Error).message);
  }
}

function readDay(option: string, text: string): Day {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text)
    throw new CommandLineError(`${option} "${text}" is not a day: write it as 2026-05-18`);
  return text;
}

function sayPlan({ from, to, mode }: Comparison): string {
  const what = { report: 'dry run', settle: 'what differs is read once', repair: 'with repairs' }[mode];
  return `Comparing ${from} to ${to} (UTC, ${what})`;
}

/** One line per day, and on a terminal the page under way. */
function showPages(screen: Screen, { from, to }: Comparison) {
  const total = daysFrom(from, to).length;
  let done = 0;
  let pages = 0;
  return {
    onPage: async ({ day }: { day: string }) => {
      pages += 1;
      if (screen.isTTY) screen.write(`\r\u001b[2K  ${day}, page ${pages}; ${done} of ${total} days judged`);
    },
    onDay: ({ day, listed, mirrored, refunds, agreed, findings, gap }: DayReport) => {
      done += 1;
      if (screen.isTTY) screen.write('\r\u001b[2K');
      const whole = gap === null ? '' : `, not whole: ${gap}`;
      screen.write(
        `  ${day}  ${listed} listed, ${mirrored} mirrored, ${refunds} refunds, ${agreed} agree, ${findings.length} differ${whole}  (${done}/${total})\n`,
      );
    },
  };
}
