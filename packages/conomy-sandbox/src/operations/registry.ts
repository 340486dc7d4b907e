import { auth } from './auth.ts';
import { createPayment } from './create-payment.ts';
import { listPayments } from './list-payments.ts';
import { authorizePayment, capturePayment } from './move-payment.ts';
import type { Operation } from './operation.ts';
import { listAccounts, readAccount } from './read-accounts.ts';
import { readPayment } from './read-payment.ts';
import { simulateProviderReceived, simulateReceived } from './simulate-received.ts';

/** Every route of the provider's API that the sandbox plays. */
export const OPERATIONS: readonly Operation[] = [
  auth,
  createPayment,
  readPayment,
  listPayments,
  authorizePayment,
  capturePayment,
  listAccounts,
  readAccount,
  simulateProviderReceived,
  simulateReceived,
];
