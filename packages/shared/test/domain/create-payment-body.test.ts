import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPaymentBody } from '../../src/domain/create-payment-body.ts';
import { formatAmount } from '../../src/domain/money.ts';
import type { ContentFault } from '../../src/domain/problem.ts';
import { type Body, changed, documentedCreateBodies, documentedCreateBody, faultsOf } from './bodies.ts';
import { AMOUNTS, CURRENCIES, fault, INITIATOR, SHAPE, SIDES, SUMS } from './create-body-refusals.ts';

function asLines(faults: ContentFault[]): string[] {
  return faults.map(({ path, message }) => `${path} ${message}`);
}

/** Every create body in Conomy's documentation: accepted, or all the refusals it gets. */
const WITHOUT_EXTERNAL_ID = ['/externalId is missing'];
const DOCUMENTED: Record<string, string[]> = {
  collect: [],
  'collect-without-total-amount': [],
  p2p: [],
  'purchase-etpay': [],
  'attempt-topup': [],
  // A body of an attempt that states only what is to be assigned.
  'attempt-dynamic-cvu': [
    ...WITHOUT_EXTERNAL_ID,
    '/identityId is missing',
    '/accountNumber is missing',
    '/type must be one of TOPUP_ACCOUNT, WITHDRAWAL_ACCOUNT, PURCHASE, REMITTANCE, P2P, COLLECT',
    '/product is missing',
    '/destinations/0/identity is missing',
  ],
  'remittance-ach': WITHOUT_EXTERNAL_ID,
  'remittance-bank-account': [],
  'topup-etpay-without-external-id': WITHOUT_EXTERNAL_ID,
  'withdrawal-bank-account': WITHOUT_EXTERNAL_ID,
};

describe('the documented create bodies', () => {
  test('are all in this table', () => {
    expect(Object.keys(documentedCreateBodies()).sort()).toEqual(Object.keys(DOCUMENTED).sort());
  });

  test.each(Object.entries(DOCUMENTED))('%s is accepted or refused as listed', (name, refusals) => {
    expect(asLines(faultsOf(documentedCreateBody(name)))).toEqual(refusals);
  });

  test('that lack nothing but an externalId are accepted with one', () => {
    for (const [name, refusals] of Object.entries(DOCUMENTED)) {
      if (refusals !== WITHOUT_EXTERNAL_ID) continue;
      expect(faultsOf({ ...documentedCreateBody(name), externalId: 'order-1001' })).toEqual([]);
    }
  });

  test('come out of parsing exactly as they went in', () => {
    for (const [name, refusals] of Object.entries(DOCUMENTED)) {
      if (refusals.length > 0) continue;
      expect(createPaymentBody.parse(documentedCreateBody(name))).toEqual(documentedCreateBody(name));
    }
  });
});

describe.each([
  ['the shape', SHAPE],
  ['amounts', AMOUNTS],
  ['sums', SUMS],
  ['sides and rails', SIDES],
  ['currencies', CURRENCIES],
  ['the initiator', INITIATOR],
])('of %s', (_group, refusals) => {
  test.each(refusals)('%s is refused, naming field and reason', (_what, name, change, expected) => {
    expect(faultsOf(changed(name, change))).toContainEqual(expected);
  });
});

describe('accepted are also', () => {
  test.each<[string, string, (body: Body) => void]>([
    [
      'one origin and one destination without amounts',
      'p2p',
      (b) => {
        delete b.origins[0].amount;
        delete b.destinations[0].amount;
      },
    ],
    [
      'totalAmount alone',
      'p2p',
      (b) => {
        b.totalAmount = b.purchaseAmount;
        delete b.purchaseAmount;
        delete b.purchaseCurrency;
      },
    ],
    [
      'equal amounts written differently',
      'collect',
      (b) => {
        b.totalAmount = '30000';
      },
    ],
    [
      'a P2P split over destinations',
      'p2p',
      (b) => {
        b.destinations = [
          { ...b.destinations[0], amount: '4.84' },
          { ...b.destinations[0], amount: '14995.16' },
        ];
      },
    ],
    [
      'the collector among the origins',
      'collect',
      (b) => {
        b.origins[0] = { ...b.destinations[0], amount: '15000.00' };
      },
    ],
    [
      'a payment in two currencies, each side in its own',
      'purchase-etpay',
      (b) =>
        Object.assign(b, {
          currency: 'USD',
          product: 'CLP:USD',
          totalAmount: '52.10',
          destinations: [{ ...b.destinations[0], currency: 'USD', amount: '52.10' }],
        }),
    ],
  ])('%s', (_what, name, change) => {
    expect(faultsOf(changed(name, change))).toEqual([]);
  });
});

test('a COLLECT is accepted exactly if its origins sum to its amount, to the last centavo', () => {
  const parts = fc.array(fc.bigInt({ min: 1n, max: 10n ** 12n }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(parts, fc.bigInt({ min: -2n, max: 2n }), (minors, off) => {
      const total = minors.reduce((a, b) => a + b, off);
      fc.pre(total > 0n);
      const amount = (minor: bigint) => formatAmount({ minor, currency: 'COP' });
      const body = changed('collect-without-total-amount', (b) => {
        b.origins = minors.map((minor) => ({ ...b.origins[0], amount: amount(minor) }));
        b.destinations[0].amount = amount(total);
        b.purchaseAmount = amount(total);
      });
      expect(faultsOf(body).length === 0).toBe(off === 0n);
    }),
  );
});

test('anything that is not a create body is refused without throwing', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (content) => {
      expect(faultsOf(content)).not.toEqual([]);
    }),
  );
});

test('a __proto__ member is an unknown field and changes nothing', () => {
  const text = JSON.stringify(documentedCreateBody('p2p')).replace('{', '{"__proto__":{"polluted":true},');
  expect(faultsOf(JSON.parse(text))).toContainEqual(fault('/__proto__', 'is not a field that belongs here'));
  expect('polluted' in {}).toBe(false);
});
