import { formatAmount } from '@capstan/shared/domain/money';
import type { AccountBook } from './account-book.ts';
import type { SandboxAccount } from './default-accounts.ts';
import type { Fill } from './filled-rows.ts';
import type { Payment, PaymentCalls, PaymentEffects } from './payment.ts';
import { isoInstant } from './payment.ts';

/** What really happened, whatever was answered: the measure of every run against the sandbox. */
export interface Ledger {
  /** In order of creation, refunds and deposits among them. */
  payments: LedgerPayment[];
  /** Payment attempts; they are no payments and move nothing. */
  attempts: LedgerPayment[];
  /** How many payments were created with each `externalId`; more than one is a double send. */
  byExternalId: Record<string, number>;
  accounts: SandboxAccount[];
  /** Rows that others made by the thousand and that no call has named: they are not among `payments`. */
  filled: { accountNumber: string; type: string; count: number }[];
}

export interface LedgerPayment
  extends Pick<Payment, 'id' | 'externalId' | 'accountNumber' | 'type' | 'status'>,
    Pick<Payment, 'totalAmount' | 'currency' | 'purchaseAmount' | 'purchaseCurrency'> {
  /** Only refunds: the payment they give back. */
  parentPaymentId?: string;
  /** Only what nobody asked for here: others did. */
  madeBy?: 'others';
  /** Only what a fault made otherwise than it was asked for; `askedAs`: the `externalId` of the call, where another is kept. */
  madeOtherwise?: true;
  askedAs?: string;
  /** Only payments that were given documents: how many. */
  documents?: number;
  effects: PaymentEffects;
  calls: PaymentCalls;
  /** Every status it has had and since when, by the system's clock. */
  history: { at: string; status: string }[];
  /** When its refunds were asked for and listed, by the system's clock. */
  asked: { at: string; operation: string }[];
}

export function readLedger(
  payments: readonly Payment[],
  attempts: readonly Payment[],
  accounts: AccountBook,
  fills: readonly Fill[],
): Ledger {
  return {
    payments: payments.map(ledgerPayment),
    attempts: attempts.map(ledgerPayment),
    byExternalId: countByExternalId(payments),
    accounts: Array.from(accounts.all(), ({ accountNumber, identityId, currency, availableMinor }) => ({
      accountNumber,
      identityId,
      availableFunds: formatAmount({ minor: availableMinor, currency }),
      currency,
    })),
    filled: fills.map(({ account, type, count }) => ({
      accountNumber: account.accountNumber,
      type,
      count,
    })),
  };
}

function ledgerPayment(payment: Payment): LedgerPayment {
  const { id, externalId, accountNumber, type, status, parentPaymentId, documents, madeBy } = payment;
  const { totalAmount, currency, purchaseAmount, purchaseCurrency, effects, calls, history, asked } = payment;
  const { madeOtherwise, askedAs } = payment;
  return {
    id,
    externalId,
    accountNumber,
    type,
    status,
    totalAmount,
    currency,
    purchaseAmount,
    purchaseCurrency,
    ...(parentPaymentId === undefined ? {} : { parentPaymentId }),
    ...(documents === undefined ? {} : { documents }),
    ...(madeBy === undefined ? {} : { madeBy }),
    ...(madeOtherwise === undefined ? {} : { madeOtherwise }),
    ...(askedAs === undefined ? {} : { askedAs }),
    effects,
    calls,
    history: history.map(({ atMs, status }) => ({ at: isoInstant(atMs), status })),
    asked: asked.map(({ atMs, operation }) => ({ at: isoInstant(atMs), operation })),
  };
}

/** Refunds and deposits have no reference of a caller's: their empty `externalId` counts for nobody. */
function countByExternalId(payments: readonly Payment[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { externalId } of payments) {
    if (externalId !== '') counts.set(externalId, (counts.get(externalId) ?? 0) + 1);
  }
  return Object.fromEntries(counts);
}
