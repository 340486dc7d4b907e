import { formatAmount } from '@capstan/shared/domain/money';
import type { Account } from './account-book.ts';
import type { Payment, PaymentInstruction } from './payment.ts';
import { refundableMinor } from './refunds.ts';
import type { Sandbox } from './sandbox.ts';

/** What other users of the tenant do at the provider, beside what was asked here. The ledger marks all of it. */

/** What others asked for: no nodes, and no money of the accounts. */
export function othersInstruction(
  { accountNumber, identityId, currency }: Pick<Account, 'accountNumber' | 'identityId' | 'currency'>,
  type: string,
  minor: bigint,
  externalId: string,
): PaymentInstruction {
  const text = formatAmount({ minor, currency });
  return {
    externalId,
    identityId,
    accountNumber,
    type,
    product: `${currency}:${currency}`,
    purchaseAmount: text,
    purchaseCurrency: currency,
    totalAmount: text,
    currency,
    purchaseMinor: minor,
    totalMinor: minor,
    fees: [],
    origins: [],
    destinations: [],
    debits: [],
    credits: [],
    madeBy: 'others',
  };
}

/** Others ask for a payment on the same account, of the same type and amount. */
export function payLike(sandbox: Sandbox, like: Payment): Payment {
  const { accountNumber, identityId, currency, type, totalMinor } = like;
  const account = { accountNumber, identityId, currency };
  return sandbox.payments.create(othersInstruction(account, type, totalMinor, externalIdOfOthers(sandbox)));
}

/** Whether others could give back something of it. */
export function isRefundable(sandbox: Sandbox, parent: Payment | undefined): parent is Payment {
  return parent?.status === 'SETTLED' && parent.type !== 'REFUND' && refundableOf(sandbox, parent) > 0n;
}

export function refundableOf({ store }: Sandbox, parent: Payment): bigint {
  return refundableMinor(parent, store.childrenOf(parent.id));
}

/** Others give back `minor` of a payment, at most what is left of it. */
export function refundElsewhere(sandbox: Sandbox, parent: Payment, minor: bigint): Payment {
  const left = refundableOf(sandbox, parent);
  const amount = formatAmount({ minor: minor < left ? minor : left, currency: parent.currency });
  return sandbox.payments.refund(parent, { amount, madeBy: 'others' });
}

/** A refund on the account that names no parent. */
export function refundWithoutParent({ payments }: Sandbox, account: Account, minor: bigint): Payment {
  return payments.openRefund(othersInstruction(account, 'REFUND', minor, ''));
}

/** A payment of others, settled, and a refund of all of it. */
export function refundOfOthers(sandbox: Sandbox, account: Account, minor: bigint) {
  const instruction = othersInstruction(account, 'P2P', minor, externalIdOfOthers(sandbox));
  const parent = sandbox.payments.create(instruction);
  sandbox.payments.move(parent, 'SETTLED');
  return { parent, child: refundElsewhere(sandbox, parent, minor) };
}

function externalIdOfOthers({ store }: Sandbox): string {
  return `others-${store.inOrder().length + 1}`;
}
