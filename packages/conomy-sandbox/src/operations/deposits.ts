import { formatAmount } from '@capstan/shared/domain/money';
import { assign, DEPOSIT_CURRENCY, isUnassigned } from '../deposits.ts';
import { ConomyError } from '../errors.ts';
import { isoInstant, type Payment } from '../payment.ts';
import { readAmount } from '../read-amount.ts';
import { missing, optionalText, requireObject, requireText } from '../read-fields.ts';
import type { Sandbox } from '../sandbox.ts';
import { findPayment } from './find-payment.ts';
import { idOfPath, type Operation, type OperationRequest } from './operation.ts';
import { given, readPage } from './read-query.ts';

const HOUR_MS = 3_600_000;

/** What counts as urgent in the balance of unassigned money. */
const URGENT_HOURS = 24;

export const assignDeposit: Operation = {
  name: 'deposits',
  method: 'POST',
  path: '/sandbox/payments/:id/assign',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, { id, body }) => {
    const deposit = findPayment(sandbox, id);
    const fields = requireObject(body, 'the body');
    const accountId = requireText(fields, 'accountId');
    const account = sandbox.accounts.findById(accountId);
    if (!account) throw new ConomyError('31', `account ${accountId} does not exist`);
    assign(sandbox, deposit, account, optionalText(fields, 'expectedAmount'));
    const { status, reconciliationStatus, relatedPaymentId } = deposit;
    const settledAt = isoInstant(deposit.enteredAtMs.SETTLED ?? sandbox.now());
    const related = relatedPaymentId ? { relatedPaymentId, childPaymentId: relatedPaymentId } : {};
    return { paymentId: id, accountId, status, reconciliationStatus, settledAt, ...related };
  },
};

export const listUnassigned: Operation = {
  name: 'deposits',
  method: 'GET',
  path: '/sandbox/payments/unassigned',
  access: 'token',
  run: (sandbox, { query }) => {
    requireClient(query);
    const wanted = unassigned(sandbox).filter(readDepositFilter(query, sandbox.now()));
    const { offset, limit } = readPage(query);
    return {
      total: wanted.length,
      totalAmount: sumOf(wanted),
      currency: DEPOSIT_CURRENCY,
      payments: wanted.slice(offset, offset + limit).map((deposit) => ({
        paymentId: deposit.id,
        providerReference: deposit.description,
        amount: deposit.totalAmount,
        currency: deposit.currency,
        receivedAt: isoInstant(deposit.createdAtMs),
        expiresAt: deposit.expiresAt,
      })),
    };
  },
};

export const readUnassignedBalance: Operation = {
  name: 'accounts',
  method: 'GET',
  path: '/sandbox/accounts/unassigned',
  access: 'token',
  run: (sandbox, { query }) => {
    const clientId = requireClient(query);
    const all = unassigned(sandbox);
    const urgent = all.filter((deposit) => expiresWithin(deposit, URGENT_HOURS, sandbox.now()));
    return {
      clientId,
      totalAmount: sumOf(all),
      currency: DEPOSIT_CURRENCY,
      count: all.length,
      urgent: urgent.map(({ id, totalAmount, currency, expiresAt }) => ({
        paymentId: id,
        amount: totalAmount,
        currency,
        expiresAt,
      })),
    };
  },
};

/** No payment here has a customer of its own: those are kept by operations that are not played. */
export const readPaymentCustomer: Operation = {
  name: 'read',
  method: 'GET',
  path: '/sandbox/payments/:id/customer',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, { id }) => ({ paymentId: findPayment(sandbox, id).id, attached: false, customer: null }),
};

function unassigned({ store }: Sandbox): Payment[] {
  return store.inOrder().filter(isUnassigned);
}

function requireClient(query: OperationRequest['query']): string {
  const clientId = given(query, 'clientId');
  if (clientId === undefined) throw missing('clientId');
  return clientId;
}

function readDepositFilter(query: OperationRequest['query'], nowMs: number) {
  const bound = (name: string) => {
    const text = given(query, name);
    return text === undefined ? undefined : readAmount(text, name, DEPOSIT_CURRENCY);
  };
  const [min, max, search] = [bound('amountMin'), bound('amountMax'), given(query, 'search')];
  const hours = readHours(given(query, 'expiresWithin'));
  return (deposit: Payment) =>
    (min === undefined || deposit.totalMinor >= min) &&
    (max === undefined || deposit.totalMinor <= max) &&
    (search === undefined || (deposit.description ?? '').includes(search)) &&
    (hours === undefined || expiresWithin(deposit, hours, nowMs));
}

function readHours(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, hours] = /^(6|24|48)h$/.exec(text) ?? [];
  if (hours === undefined) throw new ConomyError('11', `expiresWithin "${text}" must be 6h, 24h or 48h`);
  return Number(hours);
}

function expiresWithin({ expiresAt }: Payment, hours: number, nowMs: number): boolean {
  return expiresAt !== undefined && Date.parse(expiresAt) <= nowMs + hours * HOUR_MS;
}

function sumOf(deposits: readonly Payment[]): string {
  const minor = deposits.reduce((sum, { totalMinor }) => sum + totalMinor, 0n);
  return formatAmount({ minor, currency: DEPOSIT_CURRENCY });
}
