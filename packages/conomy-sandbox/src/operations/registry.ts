import { auth } from './auth.ts';
import { createPayment } from './create-payment.ts';
import { assignDeposit, listUnassigned, readPaymentCustomer, readUnassignedBalance } from './deposits.ts';
import { availableProducts, listBanks, paymentDestinations, paymentOrigins } from './discovery.ts';
import { listPayments } from './list-payments.ts';
import {
  listRefunds,
  listRefundsOfPayment,
  listRefundsOfPaymentSingular,
  listRefundsSingular,
} from './list-refunds.ts';
import { authorizePayment, capturePayment } from './move-payment.ts';
import type { Operation } from './operation.ts';
import { createAttempt, listAttempts, readAttempt } from './payment-attempts.ts';
import { attachDocument, presignDocument } from './payment-documents.ts';
import { listAccounts, readAccount } from './read-accounts.ts';
import { readPayment } from './read-payment.ts';
import { refundPayment } from './refund-payment.ts';
import { markUnsettled, OLDER_REVIEW_PATHS, requestReview, resolveReview } from './review-payment.ts';
import { simulateProviderReceived, simulateReceived } from './simulate-received.ts';

/** Every route of the provider's API that the sandbox plays. */
export const OPERATIONS: readonly Operation[] = [
  auth,
  createPayment,
  readPayment,
  listPayments,
  authorizePayment,
  capturePayment,
  refundPayment,
  listRefunds,
  listRefundsSingular,
  listRefundsOfPayment,
  listRefundsOfPaymentSingular,
  createAttempt,
  readAttempt,
  listAttempts,
  availableProducts,
  paymentOrigins,
  paymentDestinations,
  listBanks,
  attachDocument,
  presignDocument,
  requestReview,
  resolveReview,
  markUnsettled,
  ...OLDER_REVIEW_PATHS,
  assignDeposit,
  listUnassigned,
  readPaymentCustomer,
  readUnassignedBalance,
  listAccounts,
  readAccount,
  simulateProviderReceived,
  simulateReceived,
];
