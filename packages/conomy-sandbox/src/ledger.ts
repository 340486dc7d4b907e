import { formatAmount } from '@capstan/shared/domain/money';
import type { AccountBook } from './account-book.ts';
import type { SandboxAccount } from './default-accounts.ts';
import type { Payment, PaymentCalls, PaymentEffects } from './payment.ts';

/** What really happened, whatever was answered: the measure of every run against the sandbox. */
export interface Ledger {
  /** In order of creation, refunds and deposits among them. */
  payments: LedgerPayment[];
  /** Payment attempts; they are no payments and move nothing. */
  attempts: LedgerPayment[];
  /** How many payments were created with each `externalId`; more than one is a double send. */
  byExternalId: Record<string, number>;
  accounts: SandboxAccount[];
}

export interface LedgerPayment
  extends Pick<Payment, 'id' | 'externalId' | 'type' | 'status' | 'totalAmount' | 'currency'> {
  /** Only refunds: the payment they give back. */
  parentPaymentId?: string;
  /** Only payments that were given documents: how many. */
  documents?: number;
  effects: PaymentEffects;
  calls: PaymentCalls;
}

export function readLedger(
  payments: readonly Payment[],
  attempts: readonly Payment[],
  accounts: AccountBook,
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
  };
}

function ledgerPayment(payment: Payment): LedgerPayment {
  const { id, externalId, type, status, totalAmount, currency, parentPaymentId, documents } = payment;
  const { effects, calls } = payment;
  return {
    id,
    externalId,
    type,
    status,
    totalAmount,
    currency,
    ...(parentPaymentId === undefined ? {} : { parentPaymentId }),
    ...(documents === undefined ? {} : { documents }),
    effects,
    calls,
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
