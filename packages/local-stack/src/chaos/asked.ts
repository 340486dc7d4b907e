import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { readReceivedAmount } from '@capstan/shared/domain/money';
import type { Intent } from './intents.ts';

/** What a create asks for, as far as it says. */
interface Asked {
  externalId: string;
  accountNumber: string;
  type: string;
  purchaseAmount?: string;
  purchaseCurrency?: string;
  totalAmount?: string;
  currency?: string;
}

/** In what the payment at the provider is not what this intent's create asked for. */
export function contradictionsOf(intent: Intent, payment: LedgerPayment): string[] {
  const asked = askedBy(intent);
  if (asked === null) return ['nothing was asked'];
  const amounts = [
    asked.purchaseAmount === undefined
      ? null
      : differs(
          'amount',
          inMinor(asked.purchaseAmount, asked.purchaseCurrency),
          inMinor(payment.purchaseAmount, payment.purchaseCurrency),
        ),
    asked.totalAmount === undefined
      ? null
      : differs(
          'total',
          inMinor(asked.totalAmount, asked.currency),
          inMinor(payment.totalAmount, payment.currency),
        ),
  ];
  return [
    differs('externalId', asked.externalId, payment.externalId),
    differs('account', asked.accountNumber, payment.accountNumber),
    differs('type', asked.type, payment.type),
    ...amounts,
  ].filter((difference) => difference !== null);
}

function askedBy({ commands }: Intent): Asked | null {
  const create = commands.find(({ command }) => command.type === 'payment.create');
  return create === undefined ? null : (create.command.payment as Asked);
}

/** Amounts compare by value. */
function inMinor(amount: string, currency: string | undefined): string {
  const read = readReceivedAmount(amount, currency);
  return read.exact ? `${read.money.minor} ${read.money.currency}` : `${amount} ${currency}`;
}

function differs(what: string, asked: string, made: string): string | null {
  return asked === made ? null : `${what} is ${made}, asked for was ${asked}`;
}
