import {
  COP_PAYER,
  type SandboxAccount,
  SECOND_COP_COLLECTOR,
  SECOND_COP_PAYER,
} from '@capstan/conomy-sandbox/default-accounts';
import {
  attemptOnly,
  createAndCapture,
  createAuthorizeAndCapture,
  createThenCaptureApart,
  createThenRefund,
} from './command-kinds.ts';
import { documentedCollectBody, purchaseBody, sampleBody, transferBody } from './payment-bodies.ts';
import type { CommandUnit } from './workload.ts';

/** Well formed, and of nobody. */
const UNKNOWN_ACCOUNT: SandboxAccount = {
  accountNumber: '1743919714051743919099999',
  identityId: '67f21a61d6d09fcbb4e84699',
  currency: 'COP',
  availableFunds: '0.00',
};

/** What everybody should see once, in this order. */
export const SHOWCASE: readonly CommandUnit[] = [
  (externalId) => [createAndCapture(documentedCollectBody(externalId), 'two accounts pay into one')],
  (externalId) => [createAndCapture(purchaseBody(externalId, '49990'), 'customer pays through ETPAY')],
  (externalId) => createThenRefund(transfer(externalId, '15000.00'), 'one account pays another', '5000.00'),
  (externalId) => [createAuthorizeAndCapture(transfer(externalId, '82000.50'), 'authorized, then captured')],
  (externalId) => [createAndCapture(sampleBody('TOPUP_ACCOUNT from PIX', externalId), 'paid in by PIX')],
  (externalId) => [
    createAndCapture(sampleBody('WITHDRAWAL_ACCOUNT to SPEI', externalId), 'paid out by SPEI'),
  ],
  (externalId) => [
    createAndCapture(sampleBody('REMITTANCE to SEPA', externalId), 'USD arrive as EUR by SEPA'),
  ],
  (externalId) => createThenCaptureApart(transfer(externalId, '27500.00')),
  (externalId) => [attemptOnly(purchaseBody(externalId, '19990'))],
  (externalId) => [
    createAndCapture(transfer(externalId, '10.005'), 'three decimals of a peso', {
      kind: 'refused',
      httpStatus: 400,
      code: 'validation_failed',
    }),
  ],
  (externalId) => [
    createAndCapture(
      transferBody(externalId, SECOND_COP_PAYER, UNKNOWN_ACCOUNT, '5000.00'),
      'destination does not exist',
      { kind: 'rejected', providerCode: '31' },
    ),
  ],
];

function transfer(externalId: string, amount: string) {
  const [origin, destination] = [COP_PAYER, SECOND_COP_COLLECTOR];
  return transferBody(externalId, origin, destination, amount);
}
