import { FILLED_ID } from '@capstan/conomy-sandbox/filled-rows';
import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { isFinalStatus } from '@capstan/shared/domain/payment-status';
import { contradictionsOf } from './asked.ts';
import { type Facts, isRefund, type OpenDiscrepancyFact } from './facts.ts';
import { amountOf, minorOf } from './ledger-amounts.ts';

/** The open discrepancies for which neither the provider's ledger nor what a fault told gives a reason. */
export function findUntrueAlarms(facts: Facts): string[] {
  const byId = new Map([...facts.ledger.payments, ...facts.ledger.attempts].map((each) => [each.id, each]));
  return facts.discrepancies
    .filter((alarm) => !isSo(alarm, byId.get(alarm.conomyId ?? ''), facts))
    .map(
      ({ kind, conomyId, mirror, provider }) =>
        `${kind} of ${conomyId}: ${JSON.stringify([mirror, provider])}`,
    );
}

/** `payment`: the one of the ledger that the alarm names. A kind that is not known here stands for nothing. */
function isSo(alarm: OpenDiscrepancyFact, payment: LedgerPayment | undefined, facts: Facts): boolean {
  const { kind, conomyId, mirror, provider } = alarm;
  switch (kind) {
    case 'twin':
    case 'twin_moved':
      return (facts.ledger.byExternalId[payment?.externalId ?? ''] ?? 0) > 1 || payment?.madeBy === 'others';
    case 'missing_here':
      return payment !== undefined || FILLED_ID.test(conomyId ?? '');
    case 'orphan_delivery':
      return !facts.mirror.some((mirrored) => mirrored.conomyId === conomyId);
    case 'over_refunded':
      return payment !== undefined && refundedOf(payment, facts) > minorOf(payment);
    case 'late_refund':
      return payment !== undefined && isRefund(payment);
    case 'amount_differs':
      return (
        payment === undefined ||
        differsFromAsked(payment, facts) ||
        wasMadeUp(provider, payment) ||
        wasFirstMadeUp(mirror, payment) ||
        isOtherThanRefunded(mirror, payment, facts)
      );
    case 'field_differs':
      return payment === undefined || differsFromAsked(payment, facts) || isElsewise(provider, payment);
    case 'final_contradicted':
      // What the payment has had at some time may be told late, and is no reason to call a person.
      return (
        isFinalStatus(mirror?.status ?? null) &&
        payment?.history.every(({ status }) => status !== provider?.status) === true
      );
    case 'unknown_status':
    case 'disputed':
    case 'reversed':
    case 'status_differs':
      return (
        payment !== undefined && payment.status === provider?.status && mirror?.status !== payment.status
      );
    default:
      return false;
  }
}

function refundedOf({ id }: LedgerPayment, { ledger }: Facts): bigint {
  return ledger.payments
    .filter((child) => isRefund(child) && child.parentPaymentId === id && child.status !== 'FAILED')
    .reduce((sum, child) => sum + minorOf(child), 0n);
}

function differsFromAsked(payment: LedgerPayment, { intents, commands }: Facts): boolean {
  const bound = commands.find(({ conomyId }) => conomyId === payment.id);
  const names = [payment.externalId, bound?.externalId];
  const intent = intents.find(({ externalId }) => names.includes(externalId));
  return intent !== undefined && contradictionsOf(intent, payment).length > 0;
}

/** Of a refund child: a command of its payment asked for the amount that is held against the child's own. */
function isOtherThanRefunded(
  asked: OpenDiscrepancyFact['mirror'],
  child: LedgerPayment,
  { commands }: Facts,
): boolean {
  if (!isRefund(child) || asked === null || amountOf(asked) === amountOf({ ...child })) return false;
  return commands.some(
    ({ type, conomyId, amount }) =>
      type === 'payment.refund' &&
      conomyId === child.parentPaymentId &&
      amountOf({ totalAmount: amount, currency: child.currency }) === amountOf(asked),
  );
}

/** A field told as the payment never had it: a fault told it. */
function isElsewise(provider: OpenDiscrepancyFact['provider'], payment: LedgerPayment): boolean {
  const { externalId, accountNumber, type } = payment;
  return Object.entries({ externalId, accountNumber, type }).some(
    ([field, real]) => provider?.[field] !== undefined && provider[field] !== real,
  );
}

/** Of a refund child, which is held against what was told of it before: that a fault told, and it never had. */
function wasFirstMadeUp(mirror: OpenDiscrepancyFact['mirror'], child: LedgerPayment): boolean {
  return isRefund(child) && mirror?.status !== undefined && wasMadeUp(mirror, child);
}

/** An amount that the payment never had: a fault told it. */
function wasMadeUp(provider: OpenDiscrepancyFact['provider'], payment: LedgerPayment): boolean {
  return provider !== null && amountOf(provider) !== amountOf({ ...payment });
}
