import { formatAmount } from '@capstan/shared/domain/money';
import type { Account } from '../account-book.ts';
import { ConomyError } from '../errors.ts';
import { given } from '../operations/read-query.ts';
import {
  isRefundable,
  refundableOf,
  refundElsewhere,
  refundOfOthers,
  refundWithoutParent,
} from '../others.ts';
import type { Payment } from '../payment.ts';
import { readAmount } from '../read-amount.ts';
import type { Told } from '../told-payments.ts';
import type { FaultBehaviour, FaultedCall } from './behaviour.ts';

/** Calls about the refunds of one payment. */
const ABOUT_REFUNDS = ['refund', 'refunds', 'payment-refunds', 'read'] as const;
/** Calls beside which something may happen that they do not name. */
const BESIDE = ['list', 'refunds', 'payment-refunds', 'read', 'refund'] as const;

/** Refunds that nobody here asked for, and such as were asked for otherwise. */
export const REFUND_FAULTS = {
  /** Just before the call others give part of the payment back; before a refund as much as is asked for, if it is left. */
  'refunded-elsewhere-before': {
    site: 'call',
    operations: ABOUT_REFUNDS,
    meets: namesRefundable,
    answer: (call) => {
      refundBeside(call);
      return call.run();
    },
  },
  /** Just after what the call saw or did, others give part of the payment back. */
  'refunded-elsewhere-after': {
    site: 'call',
    operations: ABOUT_REFUNDS,
    meets: namesRefundable,
    answer: (call) => {
      const answer = call.run();
      refundBeside(call);
      return answer;
    },
  },
  /** Half of the amount asked for is given back, and the answer tells that. */
  'refunds-other-amount': {
    site: 'call',
    operations: ['refund'],
    meets: (call) => namesRefundable(call) && askedMinor(call) > 1n,
    answer: (call) => {
      const { currency } = parentOf(call) as Payment;
      const amount = formatAmount({ minor: askedMinor(call) / 2n, currency });
      const answer = call.run({ body: { ...(call.request.body as Told), amount } });
      const child = call.sandbox.store.childrenOf(call.request.id).at(-1);
      if (child) child.madeOtherwise = true;
      return answer;
    },
  },
  /** Beside the call a refund comes to be that names no parent. */
  'refund-without-parent': {
    site: 'call',
    operations: BESIDE,
    answer: (call) => {
      refundWithoutParent(call.sandbox, accountOf(call), BigInt(call.pick(100, 10_000)));
      return call.run();
    },
  },
  /** Beside the call others make a payment, give it back, and lists show it only `delayMs` (5,000) after its refund. */
  'refund-before-its-parent': {
    site: 'call',
    operations: BESIDE,
    answer: (call) => {
      const { sandbox, pick, delayMs = 5_000 } = call;
      const minor = BigInt(pick(100, 10_000));
      const { parent } = refundOfOthers(sandbox, accountOf(call), minor);
      sandbox.view.hideFromLists(parent.id, delayMs);
      return call.run();
    },
  },
} as const satisfies Record<string, FaultBehaviour>;

function parentOf({ sandbox, request }: Pick<FaultedCall, 'sandbox' | 'request'>): Payment | undefined {
  return sandbox.store.find(request.id === '' ? (given(request.query, 'parentPaymentId') ?? '') : request.id);
}

function namesRefundable(call: Pick<FaultedCall, 'sandbox' | 'request'>): boolean {
  return isRefundable(call.sandbox, parentOf(call));
}

/** What a refund call asks for, 0 when it names no amount that can be read. */
function askedMinor(call: Pick<FaultedCall, 'sandbox' | 'request'>): bigint {
  const { amount } = (call.request.body ?? {}) as Told;
  const parent = parentOf(call);
  if (parent === undefined || typeof amount !== 'string') return 0n;
  try {
    return readAmount(amount, 'amount', parent.currency);
  } catch (error) {
    if (error instanceof ConomyError) return 0n;
    throw error;
  }
}

function refundBeside(call: FaultedCall): void {
  const parent = parentOf(call);
  if (!isRefundable(call.sandbox, parent)) return;
  const part = refundableOf(call.sandbox, parent) / BigInt(call.pick(3, 20));
  const minor = askedMinor(call) || part;
  refundElsewhere(call.sandbox, parent, minor > 0n ? minor : 1n);
}

/** The account that the call is about, else one that is drawn. */
function accountOf(call: FaultedCall): Account {
  const { sandbox, request, pick } = call;
  const accounts = [...sandbox.accounts.all()];
  const named = given(request.query, 'accountNumber') ?? parentOf(call)?.accountNumber ?? '';
  const account = sandbox.accounts.find(named) ?? accounts[pick(0, accounts.length - 1)];
  if (account === undefined) throw new Error('the sandbox has no account');
  return account;
}
