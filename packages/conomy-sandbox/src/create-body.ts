import { type Currency, isCurrency } from '@capstan/shared/domain/money';
import type { AccountBook } from './account-book.ts';
import { ConomyError } from './errors.ts';
import type { PaymentInstruction } from './payment.ts';
import { findPaymentType, type PaymentTypeRule } from './payment-types.ts';
import { enrichNode } from './rails.ts';
import { type Fields, missing, optionalText, requireObject, requireText } from './read-fields.ts';
import { assertOwnedAccount, readAmount, readSide } from './read-node.ts';

/**
 * Checks the body of `POST /payments` by the provider's documents.
 * Throws ConomyError: 12 for what is missing, 11 for what is wrong, 31 for an account the identity does not
 * own, 42 for what the sandbox does not play.
 */
export function readCreateBody(value: unknown, accounts: AccountBook, nowMs: number): PaymentInstruction {
  const body = requireObject(value, 'the body');
  const externalId = requireText(body, 'externalId');
  const identityId = requireText(body, 'identityId');
  const accountNumber = requireText(body, 'accountNumber');
  const type = requireText(body, 'type');
  const rule = requirePaymentType(type);
  const amounts = readAmounts(body);
  assertOwnedAccount(accounts, accountNumber, identityId, amounts.currency);
  const context = { currency: amounts.currency, totalMinor: amounts.minor, accounts };
  const origins = readSide(body.origins, { ...context, name: 'origins', rule: rule.origins });
  const destinations = readSide(body.destinations, {
    ...context,
    name: 'destinations',
    rule: rule.destinations,
  });
  assertInitiator(rule, { origins: origins.postings, destinations: destinations.postings }, accountNumber);
  return {
    externalId,
    identityId,
    accountNumber,
    type,
    product: amounts.product,
    purchaseAmount: amounts.purchaseAmount,
    purchaseCurrency: amounts.currency,
    totalAmount: amounts.totalAmount,
    currency: amounts.currency,
    ...optionalFields(body),
    origins: origins.nodes.map((node) => enrichNode(node, nowMs)),
    destinations: destinations.nodes,
    debits: origins.postings,
    credits: destinations.postings,
  };
}

function requirePaymentType(type: string): PaymentTypeRule {
  const rule = findPaymentType(type);
  if (rule === 'not_simulated')
    throw new ConomyError('42', `payments of type ${type} are not supported here`);
  if (rule === undefined) throw new ConomyError('11', `type "${type}" is not a payment type`);
  return rule;
}

interface ReadAmounts {
  product: string;
  currency: Currency;
  purchaseAmount: string;
  totalAmount: string;
  minor: bigint;
}

/** At least one amount and one currency; the other of each pair follows, because there are no fees here. */
function readAmounts(body: Fields): ReadAmounts {
  const currency = readCurrency(body);
  const purchaseAmount = optionalText(body, 'purchaseAmount');
  const totalAmount = optionalText(body, 'totalAmount');
  const either = purchaseAmount ?? totalAmount;
  if (either === undefined) throw missing('purchaseAmount or totalAmount');
  const minor = readAmount(either, purchaseAmount === undefined ? 'totalAmount' : 'purchaseAmount', currency);
  if (totalAmount !== undefined && readAmount(totalAmount, 'totalAmount', currency) !== minor) {
    throw new ConomyError('11', 'totalAmount must equal purchaseAmount: no fee applies');
  }
  return {
    product: `${currency}:${currency}`,
    currency,
    purchaseAmount: either,
    totalAmount: totalAmount ?? either,
    minor,
  };
}

function readCurrency(body: Fields): Currency {
  const purchaseCurrency = optionalText(body, 'purchaseCurrency');
  const currency = optionalText(body, 'currency') ?? purchaseCurrency;
  if (currency === undefined) throw missing('purchaseCurrency or currency');
  const pair = `${purchaseCurrency ?? currency}:${currency}`;
  const product = requireText(body, 'product');
  if (product !== pair) throw new ConomyError('11', `product must be ${pair}, not ${product}`);
  for (const code of pair.split(':')) {
    if (!isCurrency(code)) throw new ConomyError('11', `currency "${code}" is not supported`);
  }
  if (pair !== `${currency}:${currency}` || !isCurrency(currency)) {
    throw new ConomyError('42', `product ${product} needs an exchange, which is not supported here`);
  }
  return currency;
}

function assertInitiator(
  { initiator }: PaymentTypeRule,
  postings: Record<'origins' | 'destinations', readonly { accountNumber: string }[]>,
  accountNumber: string,
): void {
  if (initiator === null) return;
  const own = postings[initiator][0]?.accountNumber;
  if (own === accountNumber) return;
  throw new ConomyError('11', `accountNumber must be that of the ${initiator} node, ${own}`);
}

function optionalFields(body: Fields) {
  const expiresAt = optionalText(body, 'expiresAt');
  if (expiresAt !== undefined && Number.isNaN(Date.parse(expiresAt))) {
    throw new ConomyError('11', `expiresAt "${expiresAt}" is not an ISO 8601 instant`);
  }
  return {
    identityExternalId: optionalText(body, 'identityExternalId'),
    description: optionalText(body, 'description'),
    expiresAt,
  };
}
