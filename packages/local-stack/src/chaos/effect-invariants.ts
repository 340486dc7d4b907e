import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { type CommandFact, isRefund } from './facts.ts';
import type { Invariant } from './invariant.ts';
import { minorOf } from './ledger-amounts.ts';
import { endOf } from './possible-ends.ts';

/** Refunds that gave nothing back after all. */
const RELEASED: ReadonlySet<string> = new Set(['FAILED', 'EXPIRED', 'UNSETTLED']);

/** What was done at the provider, by its own ledger: once at most, and neither more nor less than was told. */
export const EFFECT_INVARIANTS: readonly Invariant[] = [
  {
    statement: 'payments were captured once at most',
    check: ({ ledger }) => ({
      count: ledger.payments.length,
      breaches: ledger.payments
        .filter(({ effects }) => effects.capture > 1 || effects.authorize > 1)
        .map(({ id, effects }) => `${id} was captured ${effects.capture} times`),
    }),
  },
  {
    statement: 'intents have one captured payment at most, and none where none was asked for',
    check: ({ intents, ledger }) => {
      const captured = Map.groupBy(
        ledger.payments.filter(({ effects }) => effects.capture > 0),
        ({ externalId }) => externalId,
      );
      const breaches = intents.flatMap(({ externalId, mayCapture }) => {
        const times = captured.get(externalId)?.length ?? 0;
        return times > (mayCapture ? 1 : 0) ? [`${externalId} has ${times} captured payments`] : [];
      });
      return { count: intents.length, breaches };
    },
  },
  {
    statement: 'refunds were made once at most for each command that asked for one and was not refused',
    check: ({ commands, ledger }) => {
      const asked = Map.groupBy(
        commands.filter(
          (command) =>
            command.type === 'payment.refund' && command.attempts.length > 0 && !cameToNothing(command),
        ),
        ({ conomyId }) => conomyId ?? '',
      );
      const made = Map.groupBy(
        ledger.payments.filter((payment) => isRefund(payment) && payment.madeBy === undefined),
        ({ parentPaymentId }) => parentPaymentId ?? '',
      );
      const breaches = [...made].flatMap(([parent, children]) => {
        const wanted = asked.get(parent) ?? [];
        if (areRefundsOf(children, wanted)) return [];
        const amounts = wanted.map(({ amount }) => Number(amount)).sort();
        const given = children.map(({ totalAmount }) => Number(totalAmount)).sort();
        return [`${parent}: asked for ${amounts.join(', ') || 'nothing'}, given back ${given.join(', ')}`];
      });
      return { count: ledger.payments.filter(isRefund).length, breaches };
    },
  },
  {
    statement:
      'documents were handed in once for each command that succeeded, for no other but those parked or refused',
    check: ({ commands, ledger }) => {
      const sent = Map.groupBy(
        commands.filter(
          (command) =>
            command.type === 'payment.submit-document' &&
            command.attempts.length > 0 &&
            // A refusal is taken at its word, and Conomy may have taken the document all the same.
            (!cameToNothing(command) || command.problem === 'provider_rejected'),
        ),
        ({ conomyId }) => conomyId,
      );
      const given = ledger.payments.filter(({ id, documents = 0 }) => documents > 0 || sent.has(id));
      const breaches = given.flatMap(({ id, documents = 0 }) => {
        const all = sent.get(id) ?? [];
        const done = all.filter(({ status }) => status === 'succeeded').length;
        // Who redrives a document knows that it may be handed in a second time.
        const sentMax = all.reduce((sum, { redrives }) => sum + 1 + redrives, 0);
        return documents < done || documents > sentMax
          ? [`${id} has ${documents} documents; ${all.length} commands sent one, ${done} succeeded`]
          : [];
      });
      return { count: given.length, breaches };
    },
  },
  {
    statement: 'payments gave back no more than they took',
    check: ({ ledger }) => {
      const children = ledger.payments.filter(
        (payment) => isRefund(payment) && !RELEASED.has(payment.status),
      );
      const byParent = Map.groupBy(children, ({ parentPaymentId }) => parentPaymentId);
      const breaches = ledger.payments.flatMap((parent) => {
        const given = (byParent.get(parent.id) ?? []).reduce((sum, child) => sum + minorOf(child), 0n);
        return given > minorOf(parent) ? [`${parent.id} gave back ${given} of ${minorOf(parent)}`] : [];
      });
      return { count: byParent.size, breaches };
    },
  },
  {
    statement: 'commands that succeeded had their effect at the provider',
    check: ({ commands, ledger }) => {
      const byId = new Map(ledger.payments.map((payment) => [payment.id, payment]));
      const attempts = new Set(ledger.attempts.map(({ id }) => id));
      const succeeded = commands.filter(({ status }) => status === 'succeeded');
      const breaches = succeeded
        .filter(({ type, steps, conomyId }) => {
          if (type === 'payment-attempt.create') return !attempts.has(conomyId ?? '');
          const effects = byId.get(conomyId ?? '')?.effects;
          if (!effects) return true;
          return (
            (steps.includes('capture') && effects.capture !== 1) ||
            (type === 'payment.refund' && effects.refund < 1)
          );
        })
        .map(({ key, type }) => `${key} (${type}) succeeded without its effect`);
      return { count: succeeded.length, breaches };
    },
  },
  {
    statement: 'captures that were refused or canceled took nothing',
    check: ({ commands, ledger }) => {
      const byId = new Map(ledger.payments.map((payment) => [payment.id, payment]));
      const ended = commands.filter((command) => cameToNothing(command) && command.steps.includes('capture'));
      const breaches = ended
        .filter(({ conomyId }) => (byId.get(conomyId ?? '')?.effects.capture ?? 0) > 0)
        .map((command) => `${command.key} ended ${endOf(command)}, but ${command.conomyId} is captured`);
      return { count: ended.length, breaches };
    },
  },
];

function cameToNothing({ status }: CommandFact): boolean {
  return status === 'rejected' || status === 'canceled';
}

/**
 * Whether every refund has a command of its own that asked for its amount. One that a fault made of another amount has one
 * that is left over, and that does not say that it succeeded.
 */
function areRefundsOf(children: readonly LedgerPayment[], commands: readonly CommandFact[]): boolean {
  // Where amounts are equal, what succeeded has its refund first.
  const left = commands.toSorted((a, b) => Number(isDone(b)) - Number(isDone(a)));
  for (const { totalAmount } of children.filter(({ madeOtherwise }) => !madeOtherwise)) {
    const at = left.findIndex(({ amount }) => Number(amount) === Number(totalAmount));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  const otherwise = children.filter(({ madeOtherwise }) => madeOtherwise);
  return otherwise.length <= left.filter((command) => !isDone(command)).length;
}

function isDone({ status }: CommandFact): boolean {
  return status === 'succeeded';
}
