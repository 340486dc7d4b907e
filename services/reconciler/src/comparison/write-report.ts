import { mkdir, mkdtemp, rmdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DISCREPANCIES } from '@capstan/shared/domain/discrepancies';
import { type DayReport, type Finding, isZeroDrift, needsAPerson } from './day-report.ts';
import { type MoneySum, sumUp } from './money-sums.ts';
import type { ComparisonMode } from './settle.ts';

/** A comparison that was made: what of, when, how and what came out. */
export interface ComparisonReport {
  madeAt: string;
  conomyBaseUrl: string;
  from: string;
  to: string;
  mode: ComparisonMode;
  /** No day had a gap and nothing differed. */
  zeroDrift: boolean;
  totals: Totals;
  days: readonly ReportedDay[];
}

const COUNTS = [
  'listed',
  'mirrored',
  'refunds',
  'agreed',
  'differing',
  'missing',
  'waiting',
  'unlisted',
  'unsummed',
] as const;

/** The counts and the money of all days. */
export type Totals = Record<(typeof COUNTS)[number], number> & { sums: MoneySum[] };

export interface ReportedDay extends DayReport {
  findings: ReportedFinding[];
}

interface ReportedFinding extends Finding {
  /** What is to be done about it now. */
  next: string;
}

export function toReport(
  about: Omit<ComparisonReport, 'zeroDrift' | 'totals' | 'days'>,
  days: readonly DayReport[],
): ComparisonReport {
  const reported = days.map((day) => ({
    ...day,
    findings: day.findings.map((finding) => ({ ...finding, next: nextStep(finding) })),
  }));
  return { ...about, zeroDrift: isZeroDrift(days), totals: totalOf(days), days: reported };
}

function totalOf(days: readonly DayReport[]): Totals {
  const counts = COUNTS.map((name) => [name, days.reduce((sum, day) => sum + day[name], 0)]);
  return { ...Object.fromEntries(counts), sums: sumUp(days) };
}

function nextStep({ kind, status }: Finding): string {
  if (status === 'unsettled') return 'Compare again without --dry-run: one read decides.';
  return status === 'open' ? DISCREPANCIES[kind].fix : 'Nothing: it is settled.';
}

/** A comparison of many days takes long: whether its report can be written is tried before it. @throws {Error} saying what to do. */
export async function assertWritable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await rmdir(await mkdtemp(join(folder, '.writable-')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(
      `The report cannot be written to ${resolve(folder)} (${code}), so nothing was compared: name a folder that can be written with --report.`,
      { cause: error },
    );
  }
}

/** Writes the report for machines and for people; returns both paths. */
export async function writeReport(
  folder: string,
  report: ComparisonReport,
): Promise<{ json: string; page: string }> {
  await mkdir(folder, { recursive: true });
  const name = `comparison-${report.from}-${report.to}-${report.madeAt.replaceAll(/[-:]|\.\d+/g, '')}`;
  const paths = { json: join(folder, `${name}.json`), page: join(folder, `${name}.html`) };
  await writeFile(paths.json, `${JSON.stringify(report, null, 2)}\n`);
  await writeFile(paths.page, toPage(report));
  return paths;
}

/** A page that needs nothing but itself. */
export function toPage(report: ComparisonReport): string {
  const most = Math.max(1, ...report.days.map(({ listed }) => listed));
  const findings = report.days.flatMap((day) => day.findings.map((finding) => ({ day: day.day, finding })));
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Comparison ${asText(report.from)} to ${asText(report.to)}</title>
<style>
  body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1c2530; }
  h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
  table { border-collapse: collapse; width: 100% } th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #dde3ea; vertical-align: top }
  .n { text-align: right; font-variant-numeric: tabular-nums } .one-line { white-space: nowrap } code { font-size: .9em } code.side { word-break: break-all }
  .bar { display: flex; height: .8rem; margin-top: .3rem; background: #eef1f5; min-width: 8rem } .bar span { min-width: 2px }
  .agreed { background: #3b8f5a } .differs { background: #c8442f } .waiting { background: #d9a53a } .key { display: inline-block; width: .7rem; height: .7rem }
  .verdict { padding: .8rem 1rem; border-radius: .4rem; background: ${report.zeroDrift ? '#e2f3e8' : '#fbe6e2'} }
</style>
<h1>Mirror and Conomy compared, ${asText(report.from)} to ${asText(report.to)}</h1>
<p class="verdict"><strong>${verdict(report)}</strong></p>
<p>Made ${asText(report.madeAt)} against <code>${asText(report.conomyBaseUrl)}</code>, mode <code>${report.mode}</code>: ${MODES[report.mode]}</p>
<h2>Days</h2>
<table>
<tr><th>Day (UTC)</th>${NUMBERS.map((name) => `<th class="n">${name}</th>`).join('')}<th class="one-line">${BAR_KEY}</th><th>Whole</th></tr>
${report.days.map((day) => dayRow(day, most)).join('\n')}
</table>
<h2>Money</h2>
${sumTable(report.totals)}
<h2>What differed</h2>
${findings.length === 0 ? '<p>Nothing.</p>' : findingTable(findings)}
</html>
`;
}

const NUMBERS = [
  'Listed',
  'Mirrored',
  'Refunds',
  'Agree',
  'Differ',
  'Missing',
  'Waiting',
  'Unlisted',
  'Pages',
];
const BAR_KEY = ['agreed', 'differs', 'waiting']
  .map((name) => `<span class="key ${name}"></span> ${name}`)
  .join(' ');

const MODES: Readonly<Record<ComparisonMode, string>> = {
  report: 'nothing was read or written for what differed.',
  settle: 'what differed was read once; the read counts.',
  repair: 'what differed was read once, and payments made elsewhere are mirrored from now on.',
};

export function verdict(report: ComparisonReport): string {
  if (report.zeroDrift) return 'Zero drift: every payment is the same on both sides.';
  const gaps = report.days.filter(({ gap }) => gap !== null).length;
  const found = report.days.flatMap(({ findings }) => findings);
  const left = found.filter(({ status }) => status === 'open' || status === 'unsettled').length;
  const parts = [
    ...(found.length > 0 ? [`${counted(found.length, 'difference')}, ${left} open`] : []),
    ...(gaps > 0 ? [`${counted(gaps, 'day')} not compared whole`] : []),
  ];
  return `${parts.join('; ')}.${report.days.some(needsAPerson) ? ' A person has to look.' : ''}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function dayRow(day: DayReport, most: number): string {
  const unlike = day.differing + day.missing;
  const share = (count: number) => `${((100 * count) / most).toFixed(2)}%`;
  const counts = [
    day.listed,
    day.mirrored,
    day.refunds,
    day.agreed,
    day.differing,
    day.missing,
    day.waiting,
    day.unlisted,
    day.pages,
  ];
  const part = (name: string, count: number) =>
    count === 0 ? '' : `<span class="${name}" style="width:${share(count)}"></span>`;
  const bar = `<div class="bar">${part('agreed', day.agreed)}${part('differs', unlike)}${part('waiting', day.waiting)}</div>`;
  return `<tr><td class="one-line">${day.day}</td>${counts.map((count) => `<td class="n">${count}</td>`).join('')}<td>${bar}</td><td>${day.gap === null ? 'yes' : asText(`no: ${day.gap}`)}</td></tr>`;
}

function sumTable({ sums, unsummed }: Totals): string {
  const rows = sums.map(({ currency, listed, mirrored, refunds, agreed }) => {
    const amounts = [listed, mirrored, refunds, agreed].map((amount) => `<td class="n">${amount}</td>`);
    return `<tr><td>${currency}</td>${amounts.join('')}</tr>`;
  });
  return `<table>
<tr><th>Currency</th><th class="n">Listed</th><th class="n">Mirrored</th><th class="n">Refunds</th><th class="n">Agree</th></tr>
${rows.join('\n')}
</table>
${unsummed === 0 ? '' : `<p>${counted(unsummed, 'payment')} without an amount that can be held exactly: in no sum.</p>`}`;
}

function findingTable(findings: readonly { day: string; finding: ReportedFinding }[]): string {
  const rows = findings.map(
    ({ day, finding }) =>
      `<tr><td class="one-line">${day}</td><td class="one-line"><code>${finding.kind}</code></td><td><code>${asText(finding.conomyId)}</code></td><td><code class="side">${asText(JSON.stringify(finding.mirror))}</code></td><td><code class="side">${asText(JSON.stringify(finding.provider))}</code></td><td>${finding.status}</td><td>${asText(finding.next)}</td></tr>`,
  );
  return `<table>
<tr><th>Day</th><th>Kind</th><th>Payment</th><th>Mirror</th><th>Conomy</th><th>Now</th><th>Next</th></tr>
${rows.join('\n')}
</table>`;
}

function asText(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
