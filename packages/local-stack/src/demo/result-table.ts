import { formatAmount, parseSendableAmount, sumMoney } from '@capstan/shared/domain/money';
import { explainUnexpectedEnd, type TrackedCommand, tookMs } from './tracked-command.ts';
import { cut, sayAmount, sayDuration } from './wording.ts';

/** A longer list is shown by its fixed commands, what went wrong, and counts. */
export const ROWS_MAX = 24;

interface Column {
  title: string;
  width: number;
  align: 'left' | 'right';
}

const COLUMNS: readonly Column[] = [
  { title: '#', width: 5, align: 'right' },
  { title: 'Type', width: 10, align: 'left' },
  { title: 'What', width: 27, align: 'left' },
  { title: 'Amount', width: 19, align: 'right' },
  { title: 'Command', width: 11, align: 'left' },
  { title: 'Payment', width: 9, align: 'left' },
  { title: 'Took', width: 10, align: 'right' },
];

/** The result of every command, or of a large number in groups. At most 100 columns wide. */
export function renderResults(all: readonly TrackedCommand[]): string {
  if (all.length <= ROWS_MAX) return renderTable(COLUMNS, all.map(commandRow));
  const unexpected = all.filter((tracked) => explainUnexpectedEnd(tracked) !== null);
  const shown = new Set([...all.filter(({ planned }) => planned.showcase), ...unexpected.slice(0, ROWS_MAX)]);
  const grouped = all.filter((tracked) => !shown.has(tracked));
  return [
    renderTable(COLUMNS, Array.from(shown, commandRow)),
    '',
    `and ${grouped.length} more (took: the median):`,
    '',
    renderTable(GROUP_COLUMNS, groupByKind(grouped).map(groupRow)),
  ].join('\n');
}

const GROUP_COLUMNS = COLUMNS.map((column) =>
  column.title === '#' ? { ...column, title: 'Count' } : column,
);

function commandRow(tracked: TrackedCommand): string[] {
  const { planned } = tracked;
  const took = tookMs(tracked);
  return [
    String(planned.number),
    shortType(planned.type),
    planned.what,
    sayAmount(planned.amount, planned.currency),
    commandEnd(tracked),
    paymentEnd(tracked),
    took === null ? '–' : sayDuration(took),
    explainUnexpectedEnd(tracked) === null ? '✔' : '✘',
  ];
}

function groupByKind(all: readonly TrackedCommand[]): TrackedCommand[][] {
  return [...Map.groupBy(all, ({ planned }) => `${planned.type} ${planned.what}`).values()];
}

function groupRow(group: readonly TrackedCommand[]): string[] {
  const [first] = group;
  if (!first) throw new RangeError('a group has at least one command');
  const { type, what } = first.planned;
  const asExpected = group.every((tracked) => explainUnexpectedEnd(tracked) === null);
  return [
    String(group.length),
    shortType(type),
    what,
    sayTotal(group),
    shared(group.map(commandEnd)),
    shared(group.map(paymentEnd)),
    sayMedian(group),
    asExpected ? '✔' : '✘',
  ];
}

function sayTotal(group: readonly TrackedCommand[]): string {
  const amounts = group.map(({ planned }) => parseSendableAmount(planned.amount, planned.currency));
  const currency = amounts[0]?.currency ?? 'COP';
  return sayAmount(formatAmount(sumMoney(amounts, currency)), currency);
}

/** `TOPUP_ACCOUNT` → `TOPUP`: the column is narrow. */
function shortType(type: string): string {
  return type.replace(/_ACCOUNT$/, '');
}

/** What all have in common, else that they have not. */
function shared(texts: readonly string[]): string {
  return new Set(texts).size === 1 ? (texts[0] ?? '') : 'mixed';
}

function sayMedian(group: readonly TrackedCommand[]): string {
  const durations = group
    .map(tookMs)
    .filter((took) => took !== null)
    .sort((a, b) => a - b);
  const median = durations[Math.floor(durations.length / 2)];
  return median === undefined ? '–' : sayDuration(median);
}

function commandEnd({ refusal, command }: TrackedCommand): string {
  return refusal ? `refused ${refusal.httpStatus}` : (command?.status ?? 'unknown');
}

function paymentEnd({ payment }: TrackedCommand): string {
  return payment?.status ?? 'none';
}

/** A cell beyond the columns is a mark at the end of its line. */
function renderTable(columns: readonly Column[], rows: readonly string[][]): string {
  const header = columns.map(({ title }) => title);
  return [renderRow(columns, header), ...rows.map((row) => renderRow(columns, row))].join('\n');
}

function renderRow(columns: readonly Column[], cells: readonly string[]): string {
  return cells
    .map((cell, index) => {
      const column = columns[index];
      if (!column) return cell;
      const text = cut(cell, column.width);
      return column.align === 'left' ? text.padEnd(column.width) : text.padStart(column.width);
    })
    .join(' ')
    .trimEnd();
}
