import { isDocumentedStatus } from '@capstan/conomy-sandbox/payment';
import { isFinalStatus } from '@capstan/shared/domain/payment-status';
import { isParked, isRefund } from './facts.ts';
import type { Invariant } from './invariant.ts';
import { amountOf } from './ledger-amounts.ts';
import { findMovesBack } from './moves-back.ts';
import { findUntold } from './untold.ts';

/** What Capstan says of payments: as they are at the provider, move by move, and told to upstream. */
export const RECORD_INVARIANTS: readonly Invariant[] = [
  {
    statement: 'mirrored payments are as the provider has them, field by field',
    check: ({ mirror, ledger, commands, discrepancies }) => {
      const parked = new Set(commands.filter(isParked).map(({ paymentKey }) => paymentKey));
      // A read decides, whatever it tells: what it told of the amount is mirrored, and a person is asked.
      const alarms = new Set(
        discrepancies
          .filter(({ kind }) => kind === 'amount_differs')
          .map(({ conomyId, provider }) => `${conomyId} ${amountOf(provider ?? {})}`),
      );
      const byId = new Map([...ledger.payments, ...ledger.attempts].map((payment) => [payment.id, payment]));
      const known = mirror.filter(({ conomyId }) => conomyId !== null);
      const breaches = known.flatMap(({ conomyId, status, snapshot, externalId, key }) => {
        const payment = byId.get(conomyId ?? '');
        // An answer may name what is no payment: then a person was told.
        if (!payment) return parked.has(key) ? [] : [`${key} mirrors ${conomyId}, which does not exist`];
        const differences = [
          differs('status', status, payment.status),
          differs('externalId', externalId ?? '', payment.externalId),
          differs('type', snapshot.type, payment.type),
          alarms.has(`${conomyId} ${amountOf(snapshot)}`)
            ? null
            : differs('amount', amountOf(snapshot), amountOf({ ...payment })),
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
      const moved = ledger.payments
        .filter((payment) => payment.effects.capture > 0 || isRefund(payment))
        // Whether what others do is mirrored is for a comparison of days.
        .filter(({ madeBy }) => madeBy === undefined);
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
    statement: 'mirrors moved only to what their payment was at some time',
    check: ({ journal, mirror, ledger }) => {
      const conomyIds = new Map(mirror.map(({ key, conomyId }) => [key, conomyId]));
      const known = new Map([...ledger.payments, ...ledger.attempts].map((payment) => [payment.id, payment]));
      const breaches = journal.flatMap(({ paymentKey, to, cause }) => {
        const payment = known.get(conomyIds.get(paymentKey) ?? '');
        const wasSo = payment?.history.some(({ status }) => status === to) ?? true;
        // Faults make up other statuses, and a mirror says what it was told.
        return wasSo || !isDocumentedStatus(to)
          ? []
          : [`${payment?.id} moved to ${to} by ${cause}, and never was it`];
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
];

function differs(what: string, mirrored: unknown, real: unknown): string | null {
  return mirrored === real ? null : `${what} is ${String(real)}, mirrored as ${String(mirrored)}`;
}
