import { CURRENCIES } from '@capstan/shared/domain/money';
import { PAYMENT_TYPE_NAMES, PAYMENT_TYPES } from '@capstan/shared/domain/payment-types';
import {
  type Direction,
  RAILS,
  type RailType,
  railsGoing,
  requiredPaths,
} from '@capstan/shared/domain/rails';
import { banksOf } from '../banks.ts';
import { ConomyError } from '../errors.ts';
import type { Sandbox } from '../sandbox.ts';
import type { Operation, OperationRequest } from './operation.ts';
import { given } from './read-query.ts';

/** Asked with `purchaseCurrency` it answers the flat spelling, otherwise the one by currency. */
export const availableProducts: Operation = {
  name: 'products',
  method: 'GET',
  path: '/sandbox/payments/available-products',
  access: 'token',
  run: (sandbox, { query }) => {
    const purchaseCurrency = given(query, 'purchaseCurrency');
    const currency = given(query, 'currency');
    if (purchaseCurrency !== undefined) {
      return { products: flatProducts(sandbox, purchaseCurrency, currency ?? purchaseCurrency) };
    }
    const asked = (given(query, 'currencies') ?? currency)?.split(',');
    return productsByCurrency(sandbox, asked ?? currenciesOf(sandbox, given(query, 'identityId')));
  },
};

/** Those of the identity's accounts; without an identity every currency. */
function currenciesOf({ accounts }: Sandbox, identityId: string | undefined): string[] {
  if (identityId === undefined) return [...CURRENCIES];
  const own = [...accounts.all()].filter((account) => account.identityId === identityId);
  return [...new Set(own.map(({ currency }) => currency))];
}

function productsByCurrency(sandbox: Sandbox, asked: readonly string[]) {
  const byCurrency = asked.map((currency) => {
    const payin = productsOf(sandbox, 'in', currency);
    const payout = productsOf(sandbox, 'out', currency);
    return {
      currency,
      payin: { paymentMethods: payin.map(({ type }) => type), products: payin },
      payout: { withdrawalMethods: payout.map(({ type }) => type), products: payout },
    };
  });
  const withPayin = byCurrency.filter(({ payin }) => payin.products.length > 0);
  const withPayout = byCurrency.filter(({ payout }) => payout.products.length > 0);
  return {
    supportedPaymentCurrencies: withPayin.map(({ currency }) => currency),
    supportedPayoutCurrencies: withPayout.map(({ currency }) => currency),
    supportedPaymentMethods: [...new Set(withPayin.flatMap(({ payin }) => payin.paymentMethods))],
    supportedWithdrawalMethods: [...new Set(withPayout.flatMap(({ payout }) => payout.withdrawalMethods))],
    byCurrency,
  };
}

function productsOf({ settings }: Sandbox, direction: Direction, currency: string) {
  const otherSide = direction === 'in' ? 'validDestinations' : 'validOrigins';
  return outsideRails(direction, currency).map((type) => ({
    name: type,
    type,
    currency,
    product: `${currency}:${currency}`,
    // Of a field with two documented places the first is named.
    requiredFields: requiredPaths(type, direction).flatMap(([path]) => path ?? []),
    [otherSide]: ['ACCOUNT'],
    ...settings().limits[type],
  }));
}

function outsideRails(direction: Direction, currency: string): RailType[] {
  return railsGoing(direction).filter((type) => {
    const { currencies } = RAILS[type];
    return type !== 'ACCOUNT' && (currencies === null || currencies.some((served) => served === currency));
  });
}

/** One entry per rail and direction, with the payment types that may use it there. */
function flatProducts(sandbox: Sandbox, purchaseCurrency: string, currency: string) {
  const product = `${purchaseCurrency}:${currency}`;
  const sides = [
    ['origins', productsOf(sandbox, 'in', purchaseCurrency)],
    ['destinations', productsOf(sandbox, 'out', currency)],
  ] as const;
  return sides.flatMap(([side, products]) =>
    products.map((each) => ({
      ...each,
      product,
      paymentTypes: PAYMENT_TYPE_NAMES.filter((type) => PAYMENT_TYPES[type][side].rails.includes(each.type)),
    })),
  );
}

export const paymentOrigins: Operation = {
  name: 'nodes',
  method: 'GET',
  path: '/sandbox/payment-origins',
  access: 'token',
  run: (sandbox, request) => nodesFor(sandbox, request, 'in'),
};

export const paymentDestinations: Operation = {
  name: 'nodes',
  method: 'GET',
  path: '/sandbox/payment-destinations',
  access: 'token',
  run: (sandbox, request) => nodesFor(sandbox, request, 'out'),
};

/** The rails in the currency asked for, else in that of the account asked for. */
function nodesFor(sandbox: Sandbox, { query }: OperationRequest, direction: Direction) {
  const type = given(query, 'type');
  const currency =
    given(query, 'purchaseCurrency') ?? given(query, 'currency') ?? accountCurrency(sandbox, query);
  const nodes = productsOf(sandbox, direction, currency);
  return type === undefined ? nodes : nodes.filter((node) => node.type === type);
}

function accountCurrency({ accounts }: Sandbox, query: OperationRequest['query']): string {
  const accountNumber = given(query, 'accountNumber');
  if (accountNumber === undefined) throw new ConomyError('12', 'accountNumber or currency is required');
  const account = accounts.find(accountNumber);
  if (!account) throw new ConomyError('31', `account ${accountNumber} does not exist`);
  return account.currency;
}

export const listBanks: Operation = {
  name: 'banks',
  method: 'GET',
  path: '/sandbox/payments/banks/:country',
  access: 'token',
  run: (_sandbox, { id: country }) => {
    if (!/^[A-Z]{3}$/.test(country)) {
      throw new ConomyError('11', `country "${country}" must be three capital letters (ISO 3166-1 alpha-3)`);
    }
    return banksOf(country);
  },
};
