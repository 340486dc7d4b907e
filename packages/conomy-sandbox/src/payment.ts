import type { Currency } from '@capstan/shared/domain/money';
import type { Posting } from './account-book.ts';
import type { AppliedFee } from './fees.ts';

export const PAYMENT_STATUSES = [
  'ATTEMPT',
  'CREATED',
  'AUTHORIZED',
  'REQUIRES_REVIEW',
  'CAPTURED',
  'RECEIVED',
  'SETTLED',
  'UNSETTLED',
  'EXPIRED',
  'FAILED',
  'REFUNDED',
  'DISPUTED',
  'REVERSED',
] as const;

export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

/** Whether a payment may have it; faults tell others. */
export function isDocumentedStatus(status: string): status is PaymentStatus {
  return PAYMENT_STATUSES.some((documented) => documented === status);
}

/** A node as it is read back: the node sent, with what the rail adds. */
export type PaymentNode = Record<string, unknown>;

/** What a valid create body asks for. Amounts are texts as they are read back; postings hold minor units. */
export interface PaymentInstruction {
  externalId: string;
  identityId: string;
  identityExternalId?: string;
  accountNumber: string;
  type: string;
  product: string;
  /** Before fees and exchange, in `purchaseCurrency`. */
  purchaseAmount: string;
  purchaseCurrency: Currency;
  /** After fees and exchange, in `currency`. */
  totalAmount: string;
  currency: Currency;
  /** `purchaseAmount` and `totalAmount` in minor units of their currencies. */
  purchaseMinor: bigint;
  totalMinor: bigint;
  fees: readonly AppliedFee[];
  description?: string;
  expiresAt?: string;
  /** The payment a refund gives back. */
  parentPaymentId?: string;
  /** Others asked for it; left out: the caller did. */
  madeBy?: 'others';
  /** A fault made it otherwise than it was asked for. */
  madeOtherwise?: true;
  /** The `externalId` that was asked for, where another is kept. */
  askedAs?: string;
  /** A deposit and its companion name each other. */
  relatedPaymentId?: string;
  /** Only deposits and companions: what the assignment found. */
  reconciliationStatus?: 'PAID' | 'UNDERPAID' | 'OVERPAID';
  origins: PaymentNode[];
  destinations: PaymentNode[];
  /** What capture takes: the ACCOUNT nodes among the origins. */
  debits: readonly Posting[];
  /** What settlement posts: the ACCOUNT nodes among the destinations. */
  credits: readonly Posting[];
}

/** How often each effect really happened. */
export interface PaymentEffects {
  create: number;
  authorize: number;
  capture: number;
  refund: number;
}

/** How often the payment was asked for by id, refused and faulted calls included. */
export interface PaymentCalls {
  create: number;
  authorize: number;
  capture: number;
  refund: number;
  read: number;
  simulate: number;
}

/** How far the documents of a review are. */
type DocumentationStatus = 'PENDING_UPLOAD' | 'UPLOADED' | 'APPROVED' | 'REJECTED';

export interface Payment extends PaymentInstruction {
  id: string;
  status: PaymentStatus;
  createdAtMs: number;
  updatedAtMs: number;
  /** When a status was entered last, for those the provider reports with an instant. */
  enteredAtMs: Partial<Record<PaymentStatus, number>>;
  /** The status a review interrupted. */
  gatedFrom?: PaymentStatus;
  documentationStatus?: DocumentationStatus;
  /** How many documents were handed in for it. */
  documents?: number;
  reviewReason?: string;
  unsettledReason?: string;
  /** With payers played by hand: whether the payer has paid. */
  isPaid: boolean;
  /** Where the money of the origins is: taken once, and then either delivered or returned. */
  funds: 'untouched' | 'held' | 'delivered' | 'returned';
  effects: PaymentEffects;
  calls: PaymentCalls;
  /** Every status it has had and since when by the system's clock, whatever the provider's own shows. */
  history: { atMs: number; status: PaymentStatus }[];
  /** When its refunds were asked for and listed, by the same clock. */
  asked: { atMs: number; operation: string }[];
}

const REPORTED_INSTANTS = [
  ['AUTHORIZED', 'authorizedAt'],
  ['CAPTURED', 'capturedAt'],
  ['SETTLED', 'settledAt'],
  ['UNSETTLED', 'unsettledAt'],
  ['EXPIRED', 'expiredAt'],
  ['REFUNDED', 'refundedAt'],
] as const satisfies readonly (readonly [PaymentStatus, string])[];

/** The full payment object of every answer. */
export function paymentBody(payment: Payment): Record<string, unknown> {
  const { id, type, status, externalId, identityId, identityExternalId, accountNumber } = payment;
  const { product, purchaseAmount, purchaseCurrency, totalAmount, currency } = payment;
  const body: Record<string, unknown> = {
    id,
    type,
    status,
    externalId,
    identityId,
    identityExternalId,
    accountNumber,
    product,
    purchaseAmount,
    purchaseCurrency,
    totalAmount,
    currency,
    description: payment.description,
    fees: payment.fees,
    origins: payment.origins,
    destinations: payment.destinations,
    createdAt: isoInstant(payment.createdAtMs),
    updatedAt: isoInstant(payment.updatedAtMs),
    expiresAt: payment.expiresAt,
    parentPaymentId: payment.parentPaymentId,
    relatedPaymentId: payment.relatedPaymentId,
    documentationStatus: payment.documentationStatus,
    reviewReason: payment.reviewReason,
    unsettledReason: payment.unsettledReason,
    reconciliationStatus: payment.reconciliationStatus,
  };
  for (const [entered, name] of REPORTED_INSTANTS) {
    const at = payment.enteredAtMs[entered];
    if (at !== undefined) body[name] = isoInstant(at);
  }
  return body;
}

export function isoInstant(ms: number): string {
  return new Date(ms).toISOString();
}

/** Whether a payer outside has to act before money moves. */
export function awaitsPayer({ origins, isPaid }: Payment): boolean {
  return !isPaid && origins.some(({ type }) => type !== 'ACCOUNT');
}
