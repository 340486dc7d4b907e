import { formatAmount } from '@capstan/shared/domain/money';
import { allocate } from './allocate.ts';
import { ConomyError } from './errors.ts';
import { isoInstant, type Payment, type PaymentInstruction, type PaymentStatus } from './payment.ts';
import { readAmount } from './read-amount.ts';

/** What a refund asks for. Without an amount: everything still refundable. */
export interface RefundRequest {
  amount?: string | undefined;
  reason?: string | undefined;
  /** Others asked for it; left out: the caller did. */
  madeBy?: 'others';
}

type Bucket = 'refunded' | 'inProgress' | 'failed';

/** Children whose money went back to the parent's destinations, or never left them. */
const FAILED: ReadonlySet<PaymentStatus> = new Set(['FAILED', 'EXPIRED', 'UNSETTLED', 'REVERSED']);

function bucketOf({ status }: Payment): Bucket {
  if (status === 'SETTLED') return 'refunded';
  return FAILED.has(status) ? 'failed' : 'inProgress';
}

/** What may still be refunded of `parent`, in minor units. */
export function refundableMinor(parent: Payment, children: readonly Payment[]): bigint {
  const live = children.filter((child) => bucketOf(child) !== 'failed');
  return live.reduce((left, { totalMinor }) => left - totalMinor, parent.totalMinor);
}

/** The child that gives `request` back. Throws ConomyError 21 when it may not, 11 for a bad amount. */
export function refundInstruction(
  parent: Payment,
  children: readonly Payment[],
  { amount, reason, madeBy }: RefundRequest,
): PaymentInstruction {
  const { id, status, currency } = parent;
  if (parent.type === 'REFUND') throw new ConomyError('21', `payment ${id} is itself a refund`);
  if (status !== 'SETTLED') {
    throw new ConomyError('21', `payment ${id} is ${status}: only SETTLED can be refunded`);
  }
  const refundable = refundableMinor(parent, children);
  const minor = amount === undefined ? refundable : readAmount(amount, 'amount', currency);
  if (minor > refundable || minor === 0n) {
    const left = `${formatAmount({ minor: refundable, currency })} ${currency}`;
    throw new ConomyError('21', `payment ${id}: only ${left} can still be refunded`);
  }
  const child = childInstruction(parent, minor, reason);
  return madeBy === undefined ? child : { ...child, madeBy };
}

/** A refund runs backwards: from the parent's destinations to its origins, in proportion on both sides. */
function childInstruction(parent: Payment, minor: bigint, reason: string | undefined): PaymentInstruction {
  const { id, identityId, accountNumber, currency } = parent;
  const text = formatAmount({ minor, currency });
  return {
    externalId: '',
    identityId,
    accountNumber,
    type: 'REFUND',
    product: `${currency}:${currency}`,
    purchaseAmount: text,
    purchaseCurrency: currency,
    totalAmount: text,
    currency,
    purchaseMinor: minor,
    totalMinor: minor,
    fees: [],
    ...(reason === undefined ? {} : { description: reason }),
    parentPaymentId: id,
    origins: [],
    destinations: [],
    debits: allocate(minor, parent.credits),
    credits: allocate(returnedMinor(parent, minor), parent.debits),
  };
}

/** What the origins get: the refunded amount, at the rate of the parent when it was exchanged. */
function returnedMinor(parent: Payment, minor: bigint): bigint {
  if (parent.purchaseCurrency === parent.currency) return minor;
  return (minor * parent.purchaseMinor) / parent.totalMinor;
}

/** The documented answer to a creation. */
export function refundReceipt(child: Payment) {
  const { id, parentPaymentId, status, totalAmount, currency, createdAtMs } = child;
  const createdAt = isoInstant(createdAtMs);
  return { refundId: id, parentPaymentId, status, totalAmount, currency, createdAt };
}

/** A child as the lists of its parent's refunds show it. */
export function refundRow(child: Payment) {
  const { id, parentPaymentId, status, totalAmount, currency, description, createdAtMs } = child;
  return {
    id,
    parentPaymentId,
    status,
    totalAmount,
    currency,
    createdAt: isoInstant(createdAtMs),
    description,
  };
}

export function refundSummary(parent: Payment, children: readonly Payment[]) {
  const { id, currency } = parent;
  const of = (bucket: Bucket) => children.filter((child) => bucketOf(child) === bucket);
  const text = (minor: bigint) => formatAmount({ minor, currency });
  const sum = (bucket: Bucket) => text(of(bucket).reduce((total, child) => total + child.totalMinor, 0n));
  return {
    parentPaymentId: id,
    parentAmount: parent.totalAmount,
    currency,
    totalRefunded: sum('refunded'),
    totalInProgress: sum('inProgress'),
    totalFailed: sum('failed'),
    maxRefundable: text(refundableMinor(parent, children)),
    completedCount: of('refunded').length,
    inProgressCount: of('inProgress').length,
    failedCount: of('failed').length,
  };
}
