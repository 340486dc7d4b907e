import type { FaultReport } from '@capstan/conomy-sandbox/faults';
import { formatAmount, readReceivedAmount } from '@capstan/shared/domain/money';
import { SHOWN_ACCOUNT } from './payment-bodies.ts';
import { renderResults } from './result-table.ts';
import { isDone, type TrackedCommand } from './tracked-command.ts';
import type { Check } from './verdict.ts';
import { sayAmount, sayDuration, sayLabeled, WIDTH, wrap } from './wording.ts';

export interface DemoResult {
  commands: readonly TrackedCommand[];
  checks: readonly Check[];
  /** From the first command sent until the last payment was final. */
  durationMs: number;
  /** Of {@link SHOWN_ACCOUNT}, as decimals. */
  balance: { before: string; after: string };
  /** What fired; null when no faults were asked for. */
  faults: FaultReport | null;
  logDir: string;
}

export function isAllWell({ checks }: DemoResult): boolean {
  return checks.every(({ faults }) => faults.length === 0);
}

/** The whole result as text, at most 100 columns wide but for addresses. */
export function renderReport(result: DemoResult): string {
  return [
    '',
    renderResults(result.commands),
    '',
    ...renderOpen(result),
    ...result.checks.map(renderCheck),
    '',
    ...renderFacts(result),
    '',
    renderVerdict(result),
  ].join('\n');
}

const OPEN_SHOWN_MAX = 10;
const FAULTS_SHOWN_MAX = 5;

function renderOpen({ commands, logDir }: DemoResult): string[] {
  const open = commands.filter((tracked) => tracked.command && !isDone(tracked));
  if (open.length === 0) return [];
  const lines = open.slice(0, OPEN_SHOWN_MAX).flatMap(({ planned, command, payment }) => {
    const { number, externalId } = planned;
    const now = `${command?.status ?? 'not sent'}, its payment ${payment?.status ?? 'not known yet'}`;
    return wrap(`command ${number}, ${externalId}: ${now}; key ${command?.payment.key}`, WIDTH - 2);
  });
  const advice = `Time is up and ${open.length} of ${commands.length} are still open. To look at one, run this again with --keep and read GET /v1/payments/{key}/timeline; the logs of this run are in ${logDir}.`;
  return [...wrap(advice, WIDTH), ...lines.map((line) => `  ${line}`), ''];
}

function renderCheck({ statement, count, faults }: Check): string {
  if (faults.length === 0) return `✔ ${count} ${statement}`;
  const shown = faults.slice(0, FAULTS_SHOWN_MAX).flatMap((fault) => wrap(fault, WIDTH - 4));
  const more = faults.length - FAULTS_SHOWN_MAX;
  return [
    `✘ ${count} ${statement}; but:`,
    ...shown.map((line) => `    ${line}`),
    ...(more > 0 ? [`    and ${more} more`] : []),
  ].join('\n');
}

function renderFacts(result: DemoResult): string[] {
  const { commands, durationMs } = result;
  const perSecond = (commands.length / (durationMs / 1_000)).toFixed(1);
  return [
    sayLabeled(
      'Speed',
      `${commands.length} commands to their ends in ${sayDuration(durationMs)}, ${perSecond} per second`,
    ),
    sayLabeled('COLLECT', describeBalance(result)),
    ...describePaymentPage(commands),
    ...describeRefund(commands),
    ...describeAttempt(commands),
    ...describeRefusal(commands),
    ...describeRejection(commands),
    ...describeFaults(result.faults),
  ];
}

function describeBalance({ balance }: DemoResult): string {
  const { accountNumber, currency } = SHOWN_ACCOUNT;
  const change = minorOf(balance.after) - minorOf(balance.before);
  const net = sayAmount(formatAmount({ minor: change, currency }), currency);
  return `account ${accountNumber}: ${sayAmount(balance.before, currency)} → ${sayAmount(balance.after, currency)}. It pays half of the 30,000.00 COP itself, as in Conomy's own example, so ${net} came in.`;
}

function minorOf(balance: string): bigint {
  const read = readReceivedAmount(balance, SHOWN_ACCOUNT.currency);
  if (!read.exact)
    throw new RangeError(`the balance "${balance}" is not an amount in ${SHOWN_ACCOUNT.currency}`);
  return read.money.minor;
}

function describePaymentPage(commands: readonly TrackedCommand[]): string[] {
  for (const { planned, command } of commands) {
    const url = command?.payment.rail?.url;
    if (planned.type === 'PURCHASE' && url)
      return [sayLabeled('Payment page', `${url} (command ${planned.number})`)];
  }
  return [];
}

/** The first; a long run has many. */
function describeRefund(commands: readonly TrackedCommand[]): string[] {
  const refund = commands.find(({ planned }) => planned.refunds);
  if (!refund?.planned.refunds || !refund.payment) return [];
  const { number, externalId, amount, currency, refunds } = refund.planned;
  const created = commands.find(({ planned }) => planned.externalId === externalId);
  const whole = sayAmount(refunds.purchaseAmount ?? '', currency);
  return [
    sayLabeled(
      'Refund',
      `command ${number} gave ${sayAmount(amount, currency)} of the ${whole} of command ${created?.planned.number} back, once that was SETTLED: a payment of its own, ${refund.payment.id}.`,
    ),
  ];
}

function describeAttempt(commands: readonly TrackedCommand[]): string[] {
  const attempt = commands.find(({ planned }) => planned.expected.kind === 'attempted');
  if (!attempt?.payment) return [];
  const { number, externalId } = attempt.planned;
  return [
    sayLabeled(
      'Attempt',
      `command ${number}, ${externalId}: Conomy checked and recorded it; it stays an attempt, no money moves.`,
    ),
  ];
}

function describeRefusal(commands: readonly TrackedCommand[]): string[] {
  return commands.flatMap(({ planned, refusal }) => {
    if (planned.expected.kind !== 'refused' || !refusal) return [];
    const { code, detail = '' } = refusal.problem;
    return [
      sayLabeled('Refused', `command ${planned.number} by the API, ${refusal.httpStatus} ${code}: ${detail}`),
    ];
  });
}

function describeRejection(commands: readonly TrackedCommand[]): string[] {
  return commands.flatMap(({ planned, command }) => {
    if (planned.expected.kind !== 'rejected' || !command?.problem) return [];
    const { code, detail = '', provider } = command.problem;
    const conomy = provider ? ` (Conomy's code ${provider.code}, ${provider.type})` : '';
    return [sayLabeled('Rejected', `command ${planned.number}, ${code}${conomy}: ${detail}`)];
  });
}

function describeFaults(report: FaultReport | null): string[] {
  if (!report) return [];
  const fired = Object.entries(report.fired).map(([name, times]) => `${name} × ${times}`);
  return [sayLabeled('Faults fired', fired.join(', '))];
}

function renderVerdict(result: DemoResult): string {
  if (isAllWell(result)) return 'Everything ended as it should and nothing disagrees.';
  const wrong = result.checks.filter(({ faults }) => faults.length > 0).length;
  return wrap(
    `${wrong} of ${result.checks.length} checks failed: see the lines marked ✘. The logs of every part are in ${result.logDir}.`,
    WIDTH,
  ).join('\n');
}
