import { COMMAND_STATUSES } from './command-status.ts';
import { type Lifecycle, PAYMENT_LIFECYCLE, REFUND_LIFECYCLE } from './lifecycle.ts';
import { code, table } from './markdown.ts';
import { alarmOfStatus, PAYMENT_STATUSES, type PaymentStatus, STATUS_ALIASES } from './payment-status.ts';

/** The page docs/state-machines.md: states and moves of payments, refunds and commands. */
export function describeLifecycles(): string {
  const sections = [
    HEAD,
    '## States of a payment',
    states(),
    AROUND,
    '## Moves of a payment',
    diagram(PAYMENT_LIFECYCLE),
    moves(PAYMENT_LIFECYCLE),
    '## Moves of a refund',
    REFUNDS,
    diagram(REFUND_LIFECYCLE),
    moves(REFUND_LIFECYCLE),
    '## What moves the mirror',
    MIRROR,
    '## States of a command',
    commands(),
  ];
  return `${sections.join('\n\n')}\n`;
}

const HEAD = `# State machines

Made from the code by \`pnpm docs:write\`: \`payment-status.ts\`, \`lifecycle.ts\` and \`command-status.ts\` in
\`packages/shared/src/domain\`. D and § numbers count the facts gathered from Conomy's documents.`;

const AROUND = `${Object.entries(STATUS_ALIASES)
  .map(([alias, status]) => `${code(alias)} is an older name of ${code(status)} and kept as that.`)
  .join(
    ' ',
  )} Any other status is unknown: kept as sent, shown to callers, never final, told to a person by a discrepancy.`;

const REFUNDS = `A refund is a payment of its own. Documents let it begin in \`RECEIVED\` and be \`CAPTURED\` after that (D29).`;

const MIRROR = `${table(
  ['Told by', 'Moves the mirror', 'Else'],
  [
    [
      'a verified delivery',
      'to a documented next state that is not final',
      'an older state is stale; everything else makes a read due at once: a final state, another amount, a move no document tells',
    ],
    [
      'the answer of a call of ours',
      'to any state ahead that is not final',
      'a final state is read, the rest is stale',
    ],
    [
      'a read',
      'to any state ahead, and into every final state',
      'an older state within a minute of the last move is lag; later, once ten reads over time told it, it is a review nobody saw, or a discrepancy',
    ],
    [
      'an operator',
      'out of a final state that Conomy contradicts, as the repair of a discrepancy',
      'nothing',
    ],
  ],
)}

A final state is entered only by a read and never left by anything but an operator's repair.`;

function states(): string {
  const rows = Object.entries(PAYMENT_STATUSES).map(([status, { final, meaning }]) => [
    code(status),
    final ? 'yes' : '',
    alarmOfStatus(status) === null ? '' : 'yes',
    meaning,
  ]);
  return table(['State', 'Final', 'Alarm', 'Meaning'], rows);
}

function moves(lifecycle: Lifecycle): string {
  const rows = lifecycle.map(({ from, to, cause }) => [from.map(code).join(', '), code(to), cause]);
  return table(['From', 'To', 'Because'], rows);
}

function diagram(lifecycle: Lifecycle): string {
  const starts = statesOf(lifecycle).filter((status) => !lifecycle.some(({ to }) => to === status));
  const arrows = lifecycle.flatMap(({ from, to }) => from.map((start) => `${start} --> ${to}`));
  const ends = statesOf(lifecycle).filter((status) => PAYMENT_STATUSES[status].final);
  const lines = [
    ...starts.map((status) => `[*] --> ${status}`),
    ...arrows,
    ...ends.map((status) => `${status} --> [*]`),
  ];
  return ['```mermaid', 'stateDiagram-v2', ...lines.map((line) => `  ${line}`), '```'].join('\n');
}

function statesOf(lifecycle: Lifecycle): PaymentStatus[] {
  return [...new Set(lifecycle.flatMap(({ from, to }) => [...from, to]))];
}

function commands(): string {
  const rows = Object.entries(COMMAND_STATUSES).map(([status, { ended, meaning }]) => [
    code(status),
    ended ? 'yes' : '',
    meaning,
  ]);
  return table(['State', 'Ended', 'Meaning'], rows);
}
