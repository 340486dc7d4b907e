import type { LedgerPayment } from '@capstan/conomy-sandbox/ledger';
import { readReceivedAmount } from '@capstan/shared/domain/money';

/** In minor units of its currency. */
export function minorOf({ totalAmount, currency }: LedgerPayment): bigint {
  const read = readReceivedAmount(totalAmount, currency);
  if (!read.exact) throw new Error(`the ledger holds ${totalAmount} ${currency}, which cannot be counted`);
  return read.money.minor;
}

/** Amounts compare by value: the provider may tell the same one as a number. */
export function amountOf({ totalAmount, currency }: { totalAmount?: unknown; currency?: unknown }): string {
  const read = readReceivedAmount(totalAmount, currency);
  return read.exact
    ? `${read.money.minor} ${read.money.currency}`
    : `${String(totalAmount)} ${String(currency)}`;
}
