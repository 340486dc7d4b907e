import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { isEnded } from '@capstan/shared/domain/command-status';
import { contradictionsOf } from './asked.ts';
import { type CommandFact, type Facts, isRefund } from './facts.ts';
import type { Invariant } from './invariant.ts';
import { amountOf } from './ledger-amounts.ts';
import { findUntrueAlarms } from './true-alarms.ts';

/** What no caller could see from its own commands: whose payments were captured, and whose refunds were counted. */
export const ATTRIBUTION_INVARIANTS: readonly Invariant[] = [
  {
    statement: 'captures were of payments that are what their command asked for',
    check: ({ intents, ledger, commands }) => {
      const byExternalId = new Map(intents.map((intent) => [intent.externalId, intent]));
      const byConomyId = new Map(commands.map(({ conomyId, externalId }) => [conomyId, externalId]));
      const captured = ledger.payments.filter(
        ({ effects, calls }) => effects.capture > 0 && calls.capture > 0,
      );
      const breaches = captured.flatMap((payment) => {
        const intent =
          byExternalId.get(byConomyId.get(payment.id) ?? '') ?? byExternalId.get(payment.externalId);
        if (intent === undefined) return [`${describe(payment)} was captured, and no command asked for it`];
        return contradictionsOf(intent, payment).map(
          (contradiction) => `${describe(payment)}: ${contradiction}`,
        );
      });
      return { count: captured.length, breaches };
    },
  },
  {
    statement: 'refund commands that succeeded have a child of their amount, each one of its own',
    check: (facts) => {
      const succeeded = facts.commands.filter(
        ({ type, status }) => type === 'payment.refund' && status === 'succeeded',
      );
      const byParent = Map.groupBy(succeeded, ({ conomyId }) => conomyId ?? '');
      const breaches = [...byParent].flatMap(([parentId, commands]) =>
        withoutChild(parentId, commands, facts).map(
          ({ key, amount }) => `${key} gave back ${amount} of ${parentId}, which has no child of that left`,
        ),
      );
      return { count: succeeded.length, breaches };
    },
  },
  {
    statement: 'what is open has a next instant, or a person was told',
    check: ({ commands, events }) => {
      const told = new Set(
        events.filter(({ type }) => type === 'command.parked').map(({ commandId }) => commandId),
      );
      const open = commands.filter(({ status }) => !isEnded(status as Parameters<typeof isEnded>[0]));
      const openOf = Map.groupBy(open, ({ paymentKey }) => paymentKey);
      const breaches = open
        .filter((command) => {
          if (command.status === 'parked') return command.problem === null || !told.has(command.id);
          if (command.status === 'blocked') return (openOf.get(command.paymentKey) ?? []).length < 2;
          return command.nextInMs > NEXT_IN_MS_MAX;
        })
        .map(({ key, status, nextInMs }) => `${key} is ${status}, next in ${Math.round(nextInMs / 1_000)} s`);
      return { count: open.length, breaches };
    },
  },
  {
    statement: 'every alarm stands for something that is so',
    check: (facts) => ({ count: facts.discrepancies.length, breaches: findUntrueAlarms(facts) }),
  },
];

/** Longer than any wait of Capstan's in these runs but that of a review. */
const NEXT_IN_MS_MAX = 15 * 60_000;

/** A child made elsewhere may stand for a refund of ours when it came between its last list and the end of its call. */
const CALL_MS_MAX = 2_000;

/** The commands that are left over when each has taken a child of its amount: first its own kind, then one of the window. */
function withoutChild(parentId: string, commands: readonly CommandFact[], { ledger }: Facts): CommandFact[] {
  const parent = ledger.payments.find(({ id }) => id === parentId);
  const left = ledger.payments.filter((payment) => isRefund(payment) && payment.parentPaymentId === parentId);
  const take = (command: CommandFact, isFit: (child: LedgerPayment) => boolean) => {
    const wanted = amountOf({ totalAmount: command.amount, currency: parent?.currency });
    const at = left.findIndex((child) => amountOf({ ...child }) === wanted && isFit(child));
    return at >= 0 && left.splice(at, 1).length === 1;
  };
  return commands
    .filter((command) => !take(command, ({ madeBy }) => madeBy === undefined))
    .filter((command) => !take(command, (child) => parent !== undefined && isInWindow(parent, child)));
}

/** Design §3: a refund of equal amount made elsewhere between that list and the end of our call cannot be told from ours. */
function isInWindow({ asked }: LedgerPayment, child: LedgerPayment): boolean {
  const madeAtMs = Date.parse(child.history[0]?.at ?? '');
  const calls = asked.filter(({ operation }) => operation === 'refund');
  return calls.some(({ at }) => {
    const listed = asked.findLast((each) => each.operation !== 'refund' && each.at <= at);
    return madeAtMs >= Date.parse(listed?.at ?? at) && madeAtMs <= Date.parse(at) + CALL_MS_MAX;
  });
}

function describe({ id, externalId, madeBy }: LedgerPayment): string {
  return `${id} (${externalId}${madeBy === undefined ? '' : `, made by ${madeBy}`})`;
}
