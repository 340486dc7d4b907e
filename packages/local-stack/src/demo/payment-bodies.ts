import {
  CLP_MERCHANT,
  COP_COLLECTOR,
  COP_PAYER,
  type SandboxAccount,
} from '@capstan/conomy-sandbox/default-accounts';
import type { CreatePaymentBody } from '@capstan/shared/domain/create-payment-body';
import {
  type Currency,
  formatAmount,
  type Money,
  parseSendableAmount,
  sumMoney,
} from '@capstan/shared/domain/money';
import { railSamples } from '@capstan/shared/domain/rail-samples';

/** Every payment of the demo states what is bought, in one currency. */
export type PricedBody = CreatePaymentBody & { purchaseAmount: string; purchaseCurrency: Currency };

/** One account's part in a payment. */
export interface Share {
  account: SandboxAccount;
  amount: Money;
}

/** The account whose balance the demo shows: no other payment of the demo touches it. */
export const SHOWN_ACCOUNT = COP_COLLECTOR;

/** The COLLECT of the provider's documentation: 30,000.00 COP, half of it from the collector itself. */
export function documentedCollectBody(externalId: string): PricedBody {
  const half = parseSendableAmount('15000.00', 'COP');
  return collectBody(externalId, COP_COLLECTOR, [
    { account: COP_PAYER, amount: half },
    { account: COP_COLLECTOR, amount: half },
  ]);
}

/** Several accounts pay into one. */
export function collectBody(
  externalId: string,
  destination: SandboxAccount,
  shares: readonly Share[],
): PricedBody {
  const { currency } = destination;
  const total = sumMoney(
    shares.map(({ amount }) => amount),
    currency,
  );
  return {
    externalId,
    identityId: destination.identityId,
    accountNumber: destination.accountNumber,
    totalAmount: formatAmount(total),
    currency,
    product: `${currency}:${currency}`,
    type: 'COLLECT',
    purchaseAmount: formatAmount(total),
    purchaseCurrency: currency,
    origins: shares.map(({ account, amount }) => accountNode(account, formatAmount(amount))),
    destinations: [accountNode(destination, formatAmount(total))],
  };
}

/** One account pays another; `amount` is sent as it is written, right or wrong. */
export function transferBody(
  externalId: string,
  origin: SandboxAccount,
  destination: SandboxAccount,
  amount: string,
): PricedBody {
  const { currency } = origin;
  return {
    externalId,
    identityId: origin.identityId,
    accountNumber: origin.accountNumber,
    product: `${currency}:${currency}`,
    type: 'P2P',
    purchaseAmount: amount,
    purchaseCurrency: currency,
    currency,
    origins: [accountNode(origin, amount)],
    destinations: [accountNode(destination, amount)],
  };
}

/** A customer of a merchant pays on an ETPAY page. */
export function purchaseBody(externalId: string, amount: string): PricedBody {
  const { identityId, accountNumber } = CLP_MERCHANT;
  return {
    externalId,
    identityId,
    accountNumber,
    product: 'CLP:CLP',
    type: 'PURCHASE',
    purchaseAmount: amount,
    purchaseCurrency: 'CLP',
    currency: 'CLP',
    origins: [etpayNode(externalId)],
    destinations: [accountNode(CLP_MERCHANT, amount)],
  };
}

/** The sample of that name in the table of rails, such as `TOPUP_ACCOUNT from PIX`; with its own amount or another. */
export function sampleBody(name: string, externalId: string, amount?: string): PricedBody {
  const sample = railSamples.find((each) => each.name === name);
  const { purchaseAmount, purchaseCurrency } = sample?.body ?? {};
  if (!sample || purchaseAmount === undefined || purchaseCurrency === undefined) {
    throw new RangeError(`there is no sample "${name}" that states what is paid`);
  }
  const priced = { ...sample.body, externalId, purchaseAmount, purchaseCurrency };
  return amount === undefined ? priced : repriced(priced, amount);
}

/** Nodes that state no amount mean the whole. */
function repriced(body: PricedBody, amount: string): PricedBody {
  const reprice = (node: PricedBody['origins'][number]) =>
    node.amount === undefined ? node : { ...node, amount };
  return {
    ...body,
    purchaseAmount: amount,
    origins: body.origins.map(reprice),
    destinations: body.destinations.map(reprice),
  };
}

function accountNode({ accountNumber, identityId, currency }: SandboxAccount, amount: string) {
  return { type: 'ACCOUNT' as const, amount, currency, identity: { identityId }, account: { accountNumber } };
}

function etpayNode(externalId: string) {
  const page = `https://shop.example/orders/${externalId}`;
  const customer = { firstName: 'Jane', email: 'jane@example.com' };
  return {
    type: 'ETPAY' as const,
    currency: 'CLP',
    etpay: { successUrl: `${page}/success`, failedUrl: `${page}/failed`, customer },
  };
}
