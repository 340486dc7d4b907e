import { formatAmount } from '@capstan/shared/domain/money';
import type { AccountBook } from './account-book.ts';
import type { SandboxAccount } from './default-accounts.ts';
import type { Payment, PaymentCalls, PaymentEffects } from './payment.ts';

/** What really happened, whatever was answered: the measure of every run against the sandbox. */
export interface Ledger {
  payments: LedgerPayment[];
  /** How many payments were created with each `externalId`; more than one is a double send. */
  byExternalId: Record<string, number>;
  accounts: SandboxAccount[];
}

export interface LedgerPayment
  extends Pick<Payment, 'id' | 'externalId' | 'type' | 'status' | 'totalAmount' | 'currency'> {
  effects: PaymentEffects;
  calls: PaymentCalls;
}

export function readLedger(payments: readonly Payment[], accounts: AccountBook): Ledger {
  return {
    payments: payments.map(ledgerPayment),
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
  const { id, externalId, type, status, totalAmount, currency, effects, calls } = payment;
  return { id, externalId, type, status, totalAmount, currency, effects, calls };
}

function countByExternalId(payments: readonly Payment[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const { externalId } of payments) counts.set(externalId, (counts.get(externalId) ?? 0) + 1);
  return Object.fromEntries(counts);
}
