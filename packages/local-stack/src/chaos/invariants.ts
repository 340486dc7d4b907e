import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { UNKNOWN_STATUS } from '@capstan/conomy-sandbox/told-payments';
import { isEnded } from '@capstan/shared/domain/command-status';
import { isFinalStatus } from '@capstan/shared/domain/payment-status';
import type { CommandFact, Facts, OpenDiscrepancyFact } from './facts.ts';
import { amountOf, minorOf } from './ledger-amounts.ts';
import { findMovesBack } from './moves-back.ts';
import { endOf, findImpossibleEnds } from './possible-ends.ts';
import { findUntold } from './untold.ts';

/** What must hold whatever went wrong. */
export interface Invariant {
  statement: string;
  check(facts: Facts): { count: number; breaches: string[] };
}

/** Refunds that gave nothing back after all. */
const RELEASED: ReadonlySet<string> = new Set(['FAILED', 'EXPIRED', 'UNSETTLED']);

/** The sandbox makes second payments under one externalId, and events of them; the rest must come to agreement. */
const REAL_DISAGREEMENTS: ReadonlySet<string> = new Set(['twin', 'missing_here', 'orphan_delivery']);

export const INVARIANTS: readonly Invariant[] = [
  {
    statement: 'accepted commands are there, each under the one id its key was answered with',
    check: ({ sent, commands }) => {
      const byKey = new Map(commands.map((command) => [command.key, command]));
      const accepted = sent.filter(({ commandIds }) => commandIds.size > 0);
      const breaches = accepted.flatMap(({ intended, commandIds }) => {
        const found = byKey.get(intended.key);
        if (!found) return [`${intended.key} was accepted and is lost`];
        return commandIds.size === 1 && commandIds.has(found.id)
          ? []
          : [`${intended.key} was answered with ${[...commandIds].join(', ')} and is ${found.id}`];
      });
      return { count: accepted.length, breaches };
    },
  },
  {
    statement: 'commands ended, are parked with a reason, or wait behind one that is',
    check: ({ commands }) => {
      const parked = new Set(commands.filter(isParked).map(({ paymentKey }) => paymentKey));
      const breaches = commands
        .filter(({ status, paymentKey, problem }) => {
          if (status === 'parked') return problem === null;
          if (status === 'blocked') return !parked.has(paymentKey);
          return !isEnded(status as Parameters<typeof isEnded>[0]);
        })
        .map((command) => `${command.key} is ${command.status}`);
      return { count: commands.length, breaches };
    },
  },
  {
    statement: 'commands ended in a way that was possible for them',
    check: ({ intents, commands }) => ({
      count: commands.length,
      breaches: findImpossibleEnds(intents, commands),
    }),
  },
  {
    statement: 'commands are canceled by their caller where that was told, and nowhere else',
    check: ({ sent, commands }) => {
      const asked = sent.filter(({ cancel }) => cancel !== null);
      const told = new Set(
        asked.filter(({ cancel }) => cancel === 'canceled').map(({ intended }) => intended.key),
      );
      const breaches = commands
        .filter((command) => told.has(command.key) !== (endOf(command) === 'canceled:canceled_by_caller'))
        .map(
          (command) =>
            `${command.key} ended ${endOf(command)}, ${told.has(command.key) ? '' : 'not '}canceled by its caller`,
        );
      return { count: asked.length, breaches };
    },
  },
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
        ledger.payments.filter(isRefund),
        ({ parentPaymentId }) => parentPaymentId ?? '',
      );
      const breaches = [...made].flatMap(([parent, children]) => {
        const wanted = (asked.get(parent) ?? []).map(({ amount }) => Number(amount)).sort();
        const given = children.map(({ totalAmount }) => Number(totalAmount)).sort();
        return isPartOf(given, wanted)
          ? []
          : [`${parent}: asked for ${wanted.join(', ') || 'nothing'}, given back ${given.join(', ')}`];
      });
      return { count: ledger.payments.filter(isRefund).length, breaches };
    },
  },
  {
    statement: 'documents were handed in once for each command that succeeded, for no other but those parked',
    check: ({ commands, ledger }) => {
      const sent = Map.groupBy(
        commands.filter(
          (command) =>
            command.type === 'payment.submit-document' &&
            command.attempts.length > 0 &&
            !cameToNothing(command),
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
  {
    statement: 'mirrored payments are as the provider has them, field by field',
    check: ({ mirror, ledger }) => {
      const byId = new Map([...ledger.payments, ...ledger.attempts].map((payment) => [payment.id, payment]));
      const known = mirror.filter(({ conomyId }) => conomyId !== null);
      const breaches = known.flatMap(({ conomyId, status, snapshot, externalId, key }) => {
        const payment = byId.get(conomyId ?? '');
        if (!payment) return [`${key} mirrors ${conomyId}, which does not exist`];
        const differences = [
          differs('status', status, payment.status),
          differs('externalId', externalId ?? '', payment.externalId),
          differs('type', snapshot.type, payment.type),
          differs('amount', amountOf(snapshot), amountOf({ ...payment })),
        ].filter((difference) => difference !== null);
        return differences.map((difference) => `${payment.id}: ${difference}`);
      });
      return { count: known.length, breaches };
    },
  },
  {
    statement: 'captured payments of the provider are mirrored, or their command is parked',
    check: ({ mirror, ledger, commands }) => {
      const mirrored = new Set(mirror.map(({ conomyId }) => conomyId));
      const parked = new Set(
        commands.filter(isParked).map(({ externalId, conomyId }) => externalId ?? conomyId),
      );
      const parkedRefunds = new Set(
        commands
          .filter((command) => isParked(command) && command.type === 'payment.refund')
          .map(({ conomyId }) => conomyId),
      );
      const moved = ledger.payments.filter((payment) => payment.effects.capture > 0 || isRefund(payment));
      const breaches = moved
        .filter(({ id }) => !mirrored.has(id))
        .filter(
          ({ externalId, parentPaymentId }) =>
            !parked.has(externalId) && !parkedRefunds.has(parentPaymentId ?? null),
        )
        .map(({ id, externalId, status }) => `${id} (${externalId}) is ${status} and not mirrored`);
      return { count: moved.length, breaches };
    },
  },
  {
    statement: 'moves left no final state, never went back and left no version out',
    check: ({ journal, mirror }) => {
      const payments = new Map(mirror.map((payment) => [payment.key, payment]));
      const byPayment = Map.groupBy(journal, ({ paymentKey }) => paymentKey);
      const breaches = [...byPayment].flatMap(([key, moves]) => {
        const left = moves
          .filter(({ from }) => isFinalStatus(from))
          .map(({ from, to }) => `${key} left ${from} for ${to}`);
        const { kind = 'payment', version: newest } = payments.get(key) ?? {};
        const back = findMovesBack(
          kind,
          moves.map(({ to }) => to),
        ).map((move) => `${key} went ${move}`);
        const isWhole = moves.every(({ version }, nth) => version === nth + 1) && newest === moves.length;
        const versionsOf = moves.map(({ version }) => version).join(', ');
        return [...left, ...back, ...(isWhole ? [] : [`${key} has the versions ${versionsOf}`])];
      });
      return { count: journal.length, breaches };
    },
  },
  {
    statement: 'events told every move and every end, numbered without a gap',
    check: ({ journal, commands, events }) => ({
      count: events.length,
      breaches: findUntold(journal, commands, events),
    }),
  },
  {
    statement:
      'discrepancies stayed open for what the provider has twice or alone, or said of a final payment',
    check: ({ discrepancies }) => ({
      count: discrepancies.length,
      breaches: discrepancies
        .filter((found) => !REAL_DISAGREEMENTS.has(found.kind) && !isTrueAlarm(found))
        .map(
          (found) => `${found.kind} of ${found.conomyId}: ${JSON.stringify([found.mirror, found.provider])}`,
        ),
    }),
  },
  {
    statement: 'parts ended only when they were killed',
    check: ({ lostParts }) => ({ count: lostParts.length, breaches: [...lostParts] }),
  },
  {
    statement: 'logs hold no secret',
    check: ({ leaks }) => ({ count: leaks.length, breaches: [...leaks] }),
  },
];

function cameToNothing({ status }: CommandFact): boolean {
  return status === 'rejected' || status === 'canceled';
}

function isParked({ status }: CommandFact): boolean {
  return status === 'parked';
}

/**
 * Whether the provider told this final payment a status that only its fault makes up. A person looks at that also
 * when later reads agree again. Every other status told of a final payment stays a breach: the sandbox leaves none.
 */
function isTrueAlarm({ kind, mirror, provider }: OpenDiscrepancyFact): boolean {
  return (
    kind === 'final_contradicted' &&
    isFinalStatus(mirror?.status ?? null) &&
    provider?.status === UNKNOWN_STATUS
  );
}

function isRefund({ type }: LedgerPayment): boolean {
  return type === 'REFUND';
}

function differs(what: string, mirrored: unknown, real: unknown): string | null {
  return mirrored === real ? null : `${what} is ${String(real)}, mirrored as ${String(mirrored)}`;
}

/** Whether every number of `given` has a partner of its own in `wanted`. */
function isPartOf(given: readonly number[], wanted: readonly number[]): boolean {
  const left = [...wanted];
  return given.every((number) => {
    const at = left.indexOf(number);
    if (at < 0) return false;
    left.splice(at, 1);
    return true;
  });
}
