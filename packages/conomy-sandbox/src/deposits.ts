import { randomBytes } from 'node:crypto';
import { formatAmount } from '@capstan/shared/domain/money';
import type { Account } from './account-book.ts';
import { ConomyError } from './errors.ts';
import { isoInstant, type Payment, type PaymentInstruction } from './payment.ts';
import { readAmount } from './read-amount.ts';
import type { Sandbox } from './sandbox.ts';

/** Deposits arrive over static CVUs, which are in Argentine pesos. */
export const DEPOSIT_CURRENCY = 'ARS';

/** How long a deposit waits for its account. */
const ASSIGNABLE_MS = 48 * 3_600_000;

/** A deposit nobody announced: money that belongs to no account yet. Throws ConomyError 11 for a bad amount. */
export function depositInstruction(
  amount: string,
  providerReference: string | undefined,
  nowMs: number,
): PaymentInstruction {
  const minor = readAmount(amount, 'amount', DEPOSIT_CURRENCY);
  return {
    ...companionOf(minor),
    description: providerReference ?? `bm_${randomBytes(6).toString('hex')}`,
    expiresAt: isoInstant(nowMs + ASSIGNABLE_MS),
  };
}

/** Whether the payment is a deposit that waits for its account. */
export function isUnassigned({ type, status, relatedPaymentId }: Payment): boolean {
  return type === 'LOCAL_DEPOSIT' && status === 'CREATED' && relatedPaymentId === undefined;
}

/**
 * Settles a deposit to an account. When another amount was expected, a companion records the difference and the
 * two name each other; the account gets what arrived. Throws ConomyError 21 when the deposit does not wait.
 */
export function assign(sandbox: Sandbox, deposit: Payment, account: Account, expectedAmount?: string): void {
  const { id, status, totalMinor } = deposit;
  if (!isUnassigned(deposit)) throw new ConomyError('21', `payment ${id} is ${status} and awaits no account`);
  if (account.currency !== DEPOSIT_CURRENCY) {
    throw new ConomyError('11', `account ${account.accountNumber} is in ${account.currency}, not in ARS`);
  }
  const expected =
    expectedAmount === undefined
      ? totalMinor
      : readAmount(expectedAmount, 'expectedAmount', DEPOSIT_CURRENCY);
  deposit.credits = [{ accountNumber: account.accountNumber, minor: totalMinor }];
  deposit.identityId = account.identityId;
  sandbox.store.assign(deposit, account.accountNumber);
  deposit.reconciliationStatus = reconcile(totalMinor - expected);
  if (totalMinor !== expected) relate(sandbox, deposit, totalMinor - expected);
  sandbox.payments.move(deposit, 'SETTLED');
}

function reconcile(differenceMinor: bigint): Payment['reconciliationStatus'] {
  if (differenceMinor === 0n) return 'PAID';
  return differenceMinor < 0n ? 'UNDERPAID' : 'OVERPAID';
}

function relate({ payments }: Sandbox, deposit: Payment, differenceMinor: bigint): void {
  const minor = differenceMinor < 0n ? -differenceMinor : differenceMinor;
  const { id, reconciliationStatus } = deposit;
  const companion = payments.create({ ...companionOf(minor), relatedPaymentId: id, reconciliationStatus });
  deposit.relatedPaymentId = companion.id;
}

function companionOf(minor: bigint): PaymentInstruction {
  const amount = formatAmount({ minor, currency: DEPOSIT_CURRENCY });
  return {
    externalId: '',
    identityId: '',
    accountNumber: '',
    type: 'LOCAL_DEPOSIT',
    product: `${DEPOSIT_CURRENCY}:${DEPOSIT_CURRENCY}`,
    purchaseAmount: amount,
    purchaseCurrency: DEPOSIT_CURRENCY,
    totalAmount: amount,
    currency: DEPOSIT_CURRENCY,
    purchaseMinor: minor,
    totalMinor: minor,
    fees: [],
    origins: [{ type: 'CVU', currency: DEPOSIT_CURRENCY, cvu: {} }],
    destinations: [],
    debits: [],
    credits: [],
  };
}
