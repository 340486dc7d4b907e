/** The provider's own product rules against a create, each with the rule's name and the place in the body. */
import { type CreatePaymentBody, createPaymentBody } from '@capstan/shared/domain/create-payment-body';
import type { AvailableProduct } from '@capstan/shared/provider/payment-provider';
import { describe, expect, test } from 'vitest';
import { findProductFaults } from '../src/check-products.ts';
import { collectBody } from './api-fixture.ts';

const CUSTOMER = { firstName: 'Jane', email: 'jane@example.com' };

/** A purchase by ETPAY; changes are made after it was parsed, where a provider may ask for more than Capstan does. */
function purchase(changes: { etpay?: object; amounts?: object; origin?: object } = {}): CreatePaymentBody {
  const pages = { successUrl: 'https://shop.test/yes', failedUrl: 'https://shop.test/no' };
  const body = createPaymentBody.parse({
    externalId: 'order-1',
    type: 'PURCHASE',
    product: 'CLP:CLP',
    identityId: 'customer',
    accountNumber: '100',
    purchaseAmount: '49990',
    purchaseCurrency: 'CLP',
    currency: 'CLP',
    origins: [{ type: 'ETPAY', currency: 'CLP', etpay: { ...pages, customer: CUSTOMER } }],
    destinations: [
      {
        type: 'ACCOUNT',
        currency: 'CLP',
        identity: { identityId: 'shop' },
        account: { accountNumber: '200' },
      },
    ],
    ...changes.amounts,
  });
  Object.assign(body.origins[0] as object, changes.origin);
  Object.assign((body.origins[0] as unknown as { etpay: object }).etpay, changes.etpay);
  return body;
}

const ETPAY: AvailableProduct = {
  currency: 'CLP',
  product: 'CLP:CLP',
  direction: 'payin',
  rail: 'ETPAY',
  requiredFields: ['etpay.successUrl', 'etpay.failedUrl', 'etpay.customer.email'],
  validDestinations: ['ACCOUNT'],
};

const ORIGIN = '/payment/origins/0';

test('a create that fulfils every rule has no faults', () => {
  const rule = { ...ETPAY, minAmount: '49990', maxAmount: '49990' };
  expect(findProductFaults(purchase(), [rule])).toEqual([]);
});

describe('requiredFields', () => {
  const missing = (field: string, changes: Parameters<typeof purchase>[0] = {}) =>
    findProductFaults(purchase(changes), [{ ...ETPAY, requiredFields: [field] }]);
  const fault = (path: string, field: string) => [
    { path, message: `is missing: the provider's requiredFields for ETPAY pay-ins in CLP:CLP name ${field}` },
  ];

  test('a field that is missing, null or empty is named by its place', () => {
    const field = 'etpay.customer.documentNumber';
    const path = `${ORIGIN}/etpay/customer/documentNumber`;
    expect(missing(field)).toEqual(fault(path, field));
    for (const documentNumber of [null, '']) {
      const etpay = { customer: { ...CUSTOMER, documentNumber } };
      expect(missing(field, { etpay })).toEqual(fault(path, field));
    }
    expect(missing(field, { etpay: { customer: { ...CUSTOMER, documentNumber: '1-9' } } })).toEqual([]);
  });

  test('a path may start at the node, inside the rail object or at the payment', () => {
    expect(missing('customer.email')).toEqual([]);
    expect(missing('customer.documentNumber', { origin: { customer: { documentNumber: '1-9' } } })).toEqual(
      [],
    );
    expect(missing('identityId')).toEqual([]);
    expect(missing('destinations[0].account.accountNumber')).toEqual([]);
  });

  test('a field missing on every level is placed where its first part stands, else on the node', () => {
    expect(missing('customer.phoneNumber')).toEqual(
      fault(`${ORIGIN}/etpay/customer/phoneNumber`, 'customer.phoneNumber'),
    );
    expect(missing('reference')).toEqual(fault(`${ORIGIN}/reference`, 'reference'));
  });
});

describe('minAmount and maxAmount', () => {
  const limited = (limits: Partial<AvailableProduct>, amounts = {}, origin = {}) =>
    findProductFaults(purchase({ amounts, origin }), [{ ...ETPAY, ...limits }]);

  test('an amount outside is refused with the limit; the limits themselves are inside', () => {
    expect(limited({ minAmount: '49991' })).toEqual([
      {
        path: '/payment/purchaseAmount',
        message: "must be at least 49991 CLP: the provider's minAmount for ETPAY pay-ins in CLP:CLP",
      },
    ]);
    expect(limited({ maxAmount: '49989' })).toEqual([
      {
        path: '/payment/purchaseAmount',
        message: "must be at most 49989 CLP: the provider's maxAmount for ETPAY pay-ins in CLP:CLP",
      },
    ]);
    expect(limited({ minAmount: '49990', maxAmount: '49990' })).toEqual([]);
  });

  test('amounts are compared by value, however many digits they have', () => {
    expect(limited({ minAmount: '100000' })).toHaveLength(1);
    expect(limited({ maxAmount: '100000.00' })).toEqual([]);
  });

  test('the amount of the node counts before that of the payment', () => {
    expect(limited({ maxAmount: '100' }, {}, { amount: '49990' })).toMatchObject([
      { path: `${ORIGIN}/amount` },
    ]);
  });

  test('a payment that states only its total is measured by it', () => {
    const amounts = { purchaseAmount: undefined, purchaseCurrency: undefined, totalAmount: '500' };
    expect(limited({ minAmount: '1000' }, amounts)).toMatchObject([{ path: '/payment/totalAmount' }]);
  });

  test('a limit that cannot be read binds nobody, and a maximum of 0 is none', () => {
    expect(limited({ minAmount: 'some', maxAmount: '0' })).toEqual([]);
  });
});

describe('validDestinations and validOrigins', () => {
  test('the other side must be of a type the rail allows; an empty list states no rule', () => {
    expect(findProductFaults(purchase(), [{ ...ETPAY, validDestinations: ['BREB', 'PIX'] }])).toEqual([
      {
        path: '/payment/destinations/0/type',
        message: "must be one of BREB, PIX: the provider's validDestinations for ETPAY pay-ins in CLP:CLP",
      },
    ]);
    expect(findProductFaults(purchase(), [{ ...ETPAY, validDestinations: [] }])).toEqual([]);
  });

  test('a pay-out names the origins it takes', () => {
    const payout: AvailableProduct = {
      currency: 'CLP',
      product: 'CLP:CLP',
      direction: 'payout',
      rail: 'ACCOUNT',
      requiredFields: [],
      validOrigins: ['ACCOUNT'],
      minAmount: '50000',
    };
    expect(findProductFaults(purchase(), [payout])).toEqual([
      {
        path: '/payment/origins/0/type',
        message: "must be one of ACCOUNT: the provider's validOrigins for ACCOUNT pay-outs in CLP:CLP",
      },
      {
        path: '/payment/purchaseAmount',
        message: "must be at least 50000 CLP: the provider's minAmount for ACCOUNT pay-outs in CLP:CLP",
      },
    ]);
  });
});

describe('which rules apply', () => {
  const strict = { ...ETPAY, requiredFields: ['never.given'] };

  test.each<[string, Partial<AvailableProduct>]>([
    ['another rail', { rail: 'WEBPAY' }],
    ['another direction', { direction: 'payout' }],
    ['another currency', { currency: 'COP' }],
    ['another product', { product: 'USD:CLP' }],
  ])('%s does not', (_what, difference) => {
    expect(findProductFaults(purchase(), [{ ...strict, ...difference }])).toEqual([]);
  });

  test('without a rule for it a create passes: the provider judges it', () => {
    expect(findProductFaults(purchase(), [])).toEqual([]);
    expect(findProductFaults(createPaymentBody.parse(collectBody()), [strict])).toEqual([]);
  });

  test('satisfying one of several products of a rail is enough', () => {
    expect(findProductFaults(purchase(), [strict, ETPAY])).toEqual([]);
    expect(findProductFaults(purchase(), [strict, { ...ETPAY, minAmount: '99999' }])).toMatchObject([
      { path: `${ORIGIN}/never/given` },
    ]);
  });
});
