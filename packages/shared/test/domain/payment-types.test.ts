import { describe, expect, test } from 'vitest';
import { PAYMENT_TYPE_NAMES, PAYMENT_TYPES } from '../../src/domain/payment-types.ts';
import { railSamples, sampleAccounts } from '../../src/domain/rail-samples.ts';
import { type Body, faultsOf } from './bodies.ts';

/** The body of a sample, by its name, after `change`. */
function sampleWith(name: string, change: (body: Body) => void): Body {
  const sample = railSamples.find((one) => one.name === name);
  if (!sample) throw new Error(`no sample is called ${name}`);
  const body: Body = structuredClone(sample.body);
  change(body);
  return body;
}

/** Splits the only node of a side in two with these amounts. */
function split(body: Body, side: 'origins' | 'destinations', ...amounts: (string | undefined)[]): void {
  body[side] = amounts.map((amount) => ({ ...body[side][0], amount }));
}

describe('the samples', () => {
  test('show every payment type with every rail it allows', () => {
    const expected = PAYMENT_TYPE_NAMES.flatMap((type) => {
      const { origins, destinations } = PAYMENT_TYPES[type];
      const rails = [...origins.rails, ...destinations.rails].filter((rail) => rail !== 'ACCOUNT');
      return rails.length === 0 ? [`${type} ACCOUNT`] : rails.map((rail) => `${type} ${rail}`);
    });
    expect(railSamples.map(({ type, rail }) => `${type} ${rail}`).sort()).toEqual(expected.sort());
  });

  test.each(railSamples.map(({ name, type, body }) => ({ name, type, body })))(
    '$name is accepted',
    ({ type, body }) => {
      expect(body.type).toBe(type);
      expect(faultsOf(body)).toEqual([]);
    },
  );

  test('have names and externalIds of their own', () => {
    expect(new Set(railSamples.map(({ name }) => name)).size).toBe(railSamples.length);
    expect(new Set(railSamples.map(({ body }) => body.externalId)).size).toBe(railSamples.length);
  });

  test('name only the listed accounts, each in its own currency and by its owner', () => {
    const known = sampleAccounts.map((account) => JSON.stringify(account));
    for (const { body } of railSamples) {
      for (const node of [...body.origins, ...body.destinations]) {
        if (node.type !== 'ACCOUNT') continue;
        const { currency, identity, account } = node;
        expect(known).toContain(JSON.stringify({ ...identity, ...account, currency }));
      }
      expect(known.some((one) => one.includes(body.identityId) && one.includes(body.accountNumber))).toBe(
        true,
      );
    }
  });
});

describe('what nobody creates is refused with the reason:', () => {
  test.each([
    ['FEE', 'made by Conomy itself, together with the payment they belong to'],
    ['REFUND', 'asked for with a payment.refund command'],
    ['LOCAL_DEPOSIT', 'made by Conomy itself, when a deposit arrives'],
    ['PAY_OUT', 'must be one of TOPUP_ACCOUNT, WITHDRAWAL_ACCOUNT, PURCHASE, REMITTANCE, P2P, COLLECT'],
    ['constructor', 'must be one of TOPUP_ACCOUNT'],
  ])('%s', (type, reason) => {
    const message = expect.stringContaining(reason) as string;
    expect(faultsOf(sampleWith('P2P', (body) => (body.type = type)))).toEqual([{ path: '/type', message }]);
  });
});

describe('accepted is', () => {
  test.each<[string, string, (body: Body) => void]>([
    [
      'a withdrawal to several bank accounts',
      'WITHDRAWAL_ACCOUNT to BANK_ACCOUNT',
      (b) => split(b, 'destinations', '10000.00', '20000.00'),
    ],
    [
      'a purchase split over accounts',
      'PURCHASE from PSE',
      (b) => split(b, 'destinations', '29999.99', '0.01'),
    ],
    [
      'a remittance to several beneficiaries, each in what it receives',
      'REMITTANCE to BANK_ACCOUNT',
      (b) => {
        b.totalAmount = '1000000.00';
        split(b, 'destinations', '400000.00', '600000.00');
      },
    ],
    [
      'a remittance whose only destination states what it receives',
      'REMITTANCE to ACH',
      (b) => (b.destinations[0].amount = '25.00'),
    ],
    [
      'a remittance that stays in one currency',
      'REMITTANCE to ACH',
      (b) => {
        Object.assign(b, { product: 'USD:USD', purchaseCurrency: 'USD' });
        b.origins[0].currency = 'USD';
      },
    ],
    ['an expiry with an offset', 'P2P', (b) => (b.expiresAt = '2031-05-18T10:00:00-05:00')],
  ])('%s', (_what, name, change) => {
    expect(faultsOf(sampleWith(name, change))).toEqual([]);
  });
});

describe('refused is', () => {
  test.each<[string, string, (body: Body) => void, path: string, message: string]>([
    [
      'a top-up of two accounts',
      'TOPUP_ACCOUNT from ETPAY',
      (b) => split(b, 'destinations', '49989', '1'),
      '/destinations',
      'must hold exactly 1 node(s) for TOPUP_ACCOUNT, not 2',
    ],
    [
      'a top-up from an account',
      'TOPUP_ACCOUNT from ETPAY',
      (b) => (b.origins = b.destinations),
      '/origins/0/type',
      'for the origins of TOPUP_ACCOUNT',
    ],
    [
      'a withdrawal to an account',
      'WITHDRAWAL_ACCOUNT to BREB',
      (b) => (b.destinations = b.origins),
      '/destinations/0/type',
      'for the destinations of WITHDRAWAL_ACCOUNT',
    ],
    [
      'a withdrawal over a pay-in rail',
      'TOPUP_ACCOUNT from CVU',
      (b) =>
        Object.assign(b, { type: 'WITHDRAWAL_ACCOUNT', origins: b.destinations, destinations: b.origins }),
      '/destinations/0/type',
      'is a rail over which no money goes out',
    ],
    [
      'a withdrawal from two accounts',
      'WITHDRAWAL_ACCOUNT to BREB',
      (b) => split(b, 'origins', '10000.00', '20000.00'),
      '/origins',
      'must hold exactly 1 node(s) for WITHDRAWAL_ACCOUNT, not 2',
    ],
    [
      'a withdrawal whose parts do not add up',
      'WITHDRAWAL_ACCOUNT to BREB',
      (b) => split(b, 'destinations', '10000.00', '20000.01'),
      '/destinations',
      'must sum to purchaseAmount (30000.00 COP)',
    ],
    [
      'one of several withdrawals without amount',
      'WITHDRAWAL_ACCOUNT to BREB',
      (b) => split(b, 'destinations', '10000.00', undefined),
      '/destinations/1/amount',
      'is missing: every node here states its amount',
    ],
    [
      'a converting remittance to several without what they sum to',
      'REMITTANCE to BANK_ACCOUNT',
      (b) => split(b, 'destinations', '400000.00', '600000.00'),
      '/totalAmount',
      'is missing: the destinations must sum to it',
    ],
    [
      'a converting remittance whose parts do not add up',
      'REMITTANCE to BANK_ACCOUNT',
      (b) => {
        b.totalAmount = '1000000.00';
        split(b, 'destinations', '400000.00', '600000.01');
      },
      '/destinations',
      'must sum to totalAmount (1000000.00 COP)',
    ],
    [
      'a remittance that takes the origin in the currency of the destination',
      'REMITTANCE to ACH',
      (b) => (b.origins[0].currency = 'USD'),
      '/origins/0/currency',
      'must be BRL, the currency of this side',
    ],
    [
      'a product the wrong way round',
      'REMITTANCE to ACH',
      (b) => (b.product = 'USD:BRL'),
      '/product',
      'must be "BRL:USD", that is purchaseCurrency:currency',
    ],
    [
      'two different currencies in a COLLECT',
      'COLLECT',
      (b) => Object.assign(b, { purchaseCurrency: 'USD', product: 'USD:COP' }),
      '/currency',
      'must equal purchaseCurrency: a COLLECT moves one currency',
    ],
    [
      'a day as expiry',
      'P2P',
      (b) => (b.expiresAt = '2031-05-18'),
      '/expiresAt',
      'must be an RFC 3339 instant',
    ],
  ])('%s', (_what, name, change, path, message) => {
    expect(faultsOf(sampleWith(name, change))).toContainEqual({
      path,
      message: expect.stringContaining(message) as string,
    });
  });
});
