import { expect } from 'vitest';
import type { ContentFault } from '../../src/domain/problem.ts';
import type { RailType } from '../../src/domain/rails.ts';
import type { Body } from './bodies.ts';
import { nodeSamples } from './node-samples.ts';

/** What is wrong, the documented body it is made of, how, and one fault that must be reported. */
export type Refusal = [what: string, name: string, change: (body: Body) => void, fault: ContentFault];
export const fault = (path: string, message: string): ContentFault => ({ path, message });

function nodeTo(rail: RailType) {
  const sample = nodeSamples().find((one) => one.rail === rail && one.direction === 'out');
  return sample?.body.destinations[0];
}

export const SHAPE: Refusal[] = [
  [
    'an unknown field',
    'p2p',
    (b) => (b.colour = 'red'),
    fault('/colour', 'is not a field that belongs here'),
  ],
  [
    'an unknown field in a node',
    'p2p',
    (b) => (b.origins[0].colour = 'red'),
    fault('/origins/0/colour', 'is not a field that belongs here'),
  ],
  ['a missing externalId', 'p2p', (b) => delete b.externalId, fault('/externalId', 'is missing')],
  ['an empty externalId', 'p2p', (b) => (b.externalId = ''), fault('/externalId', 'must not be empty')],
  [
    'a long externalId',
    'p2p',
    (b) => (b.externalId = 'x'.repeat(201)),
    fault('/externalId', 'must have at most 200 characters'),
  ],
  ['a missing identityId', 'p2p', (b) => delete b.identityId, fault('/identityId', 'is missing')],
  ['a missing accountNumber', 'p2p', (b) => delete b.accountNumber, fault('/accountNumber', 'is missing')],
  ['a missing product', 'p2p', (b) => delete b.product, fault('/product', 'is missing')],
  ['missing origins', 'p2p', (b) => delete b.origins, fault('/origins', 'is missing')],
  [
    'no destinations',
    'p2p',
    (b) => (b.destinations = []),
    fault('/destinations', 'must hold at least one node'),
  ],
  [
    'a type that is never created',
    'p2p',
    (b) => (b.type = 'FEE'),
    fault('/type', expect.stringMatching(/^FEE payments are made by Conomy itself/) as string),
  ],
  [
    'an expiry that is no instant',
    'p2p',
    (b) => (b.expiresAt = 'tomorrow'),
    fault('/expiresAt', 'must be an RFC 3339 instant'),
  ],
];

export const AMOUNTS: Refusal[] = [
  [
    'a number as amount',
    'p2p',
    (b) => (b.purchaseAmount = 15_000),
    fault('/purchaseAmount', 'must be a string such as "30000.00"'),
  ],
  [
    'no amount at all',
    'p2p',
    (b) => delete b.purchaseAmount,
    fault('/purchaseAmount', 'is missing: give purchaseAmount, totalAmount or both'),
  ],
  [
    'an amount without its currency',
    'p2p',
    (b) => delete b.purchaseCurrency,
    fault('/purchaseCurrency', 'is missing: purchaseAmount needs its currency'),
  ],
  [
    'a total without its currency',
    'collect',
    (b) => delete b.currency,
    fault('/currency', 'is missing: totalAmount needs its currency'),
  ],
  [
    'decimals finer than the currency',
    'p2p',
    (b) => (b.purchaseAmount = '10.005'),
    fault('/purchaseAmount', 'must have at most 2 decimals: that is the scale of COP'),
  ],
  [
    'decimals where the currency has none',
    'purchase-etpay',
    (b) => (b.purchaseAmount = '49990.00'),
    fault('/purchaseAmount', 'must have no decimals: CLP has none'),
  ],
  [
    'an amount of zero',
    'p2p',
    (b) => (b.purchaseAmount = '0.00'),
    fault('/purchaseAmount', 'must be more than zero'),
  ],
  [
    'a node amount finer than the currency',
    'p2p',
    (b) => (b.origins[0].amount = '15000.001'),
    fault('/origins/0/amount', 'must have at most 2 decimals: that is the scale of COP'),
  ],
  [
    'two different amounts in one currency',
    'collect',
    (b) => (b.totalAmount = '29999.99'),
    fault('/totalAmount', 'must equal purchaseAmount (30000.00) in one currency'),
  ],
  [
    'an unknown currency',
    'p2p',
    (b) => (b.currency = 'XAU'),
    fault('/currency', expect.stringMatching(/^must be one of CLP, PYG, COP/) as string),
  ],
  [
    'a product of other currencies',
    'p2p',
    (b) => (b.product = 'USD:COP'),
    fault('/product', 'must be "COP:COP", that is purchaseCurrency:currency'),
  ],
];

export const SUMS: Refusal[] = [
  [
    'origins that sum to less',
    'collect',
    (b) => (b.origins[0].amount = '14999.99'),
    fault('/origins', 'must sum to purchaseAmount (30000.00 COP)'),
  ],
  [
    'a destination that differs',
    'collect',
    (b) => (b.destinations[0].amount = '30000.01'),
    fault('/destinations/0/amount', 'must sum to purchaseAmount (30000.00 COP)'),
  ],
  [
    'a COLLECT origin without amount',
    'collect',
    (b) => delete b.origins[1].amount,
    fault('/origins/1/amount', 'is missing: every node here states its amount'),
  ],
  [
    'a COLLECT destination without amount',
    'collect',
    (b) => delete b.destinations[0].amount,
    fault('/destinations/0/amount', 'is missing: every node here states its amount'),
  ],
  [
    'one of several destinations without amount',
    'p2p',
    (b) => b.destinations.push({ ...b.destinations[0], amount: undefined }),
    fault('/destinations/1/amount', 'is missing: every node here states its amount'),
  ],
];

export const SIDES: Refusal[] = [
  [
    'two destinations of a COLLECT',
    'collect',
    (b) => b.destinations.push(b.destinations[0]),
    fault('/destinations', 'must hold exactly 1 node(s) for COLLECT, not 2'),
  ],
  [
    'two origins of a P2P',
    'p2p',
    (b) => b.origins.push(b.origins[0]),
    fault('/origins', 'must hold exactly 1 node(s) for P2P, not 2'),
  ],
  [
    '101 origins of a COLLECT',
    'collect',
    (b) => (b.origins = Array(101).fill(b.origins[0])),
    fault('/origins', 'must hold 1 to 100 node(s) for COLLECT, not 101'),
  ],
  [
    'a PURCHASE paid from an account',
    'purchase-etpay',
    (b) => (b.origins = [{ ...b.destinations[0] }]),
    fault(
      '/origins/0/type',
      expect.stringMatching(/^must be one of CRYPTO, .* for the origins of PURCHASE$/) as string,
    ),
  ],
  [
    'a P2P to a pay-out rail',
    'p2p',
    (b) => (b.destinations = [nodeTo('BREB')]),
    fault('/destinations/0/type', 'must be one of ACCOUNT for the destinations of P2P'),
  ],
  [
    'a rail that is not known',
    'p2p',
    (b) => (b.origins[0].type = 'CASH'),
    fault('/origins/0/type', expect.stringMatching(/^must be one of ACCOUNT, CRYPTO, /) as string),
  ],
  [
    'two rail keys in one node',
    'p2p',
    (b) => (b.origins[0].etpay = {}),
    fault('/origins/0/etpay', 'is not a field that belongs here'),
  ],
  [
    'a node without its rail object',
    'p2p',
    (b) => delete b.origins[0].account,
    fault('/origins/0/account', 'is missing'),
  ],
  [
    'an account node without identity',
    'p2p',
    (b) => delete b.destinations[0].identity,
    fault('/destinations/0/identity', 'is missing'),
  ],
  [
    'a payer without e-mail address',
    'purchase-etpay',
    (b) => delete b.origins[0].etpay.customer.email,
    fault('/origins/0/etpay/customer/email', expect.any(String) as string),
  ],
  [
    'a return URL of another protocol',
    'purchase-etpay',
    (b) => (b.origins[0].etpay.successUrl = 'javascript:alert(1)'),
    fault('/origins/0/etpay/successUrl', 'must be an http(s) URL'),
  ],
];

export const CURRENCIES: Refusal[] = [
  [
    'a node in another currency',
    'p2p',
    (b) => (b.origins[0].currency = 'USD'),
    fault('/origins/0/currency', 'must be COP, the currency of this side'),
  ],
  [
    'two currencies in a P2P',
    'p2p',
    (b) => Object.assign(b, { currency: 'USD', product: 'COP:USD' }),
    fault('/currency', 'must equal purchaseCurrency: a P2P moves one currency'),
  ],
  [
    'a rail in a currency it does not move',
    'purchase-etpay',
    (b) =>
      Object.assign(b, {
        purchaseCurrency: 'USD',
        currency: 'USD',
        product: 'USD:USD',
        origins: [{ ...b.origins[0], currency: 'USD' }],
        destinations: [{ ...b.destinations[0], currency: 'USD' }],
      }),
    fault('/origins/0/currency', 'must be CLP for ETPAY'),
  ],
];

export const INITIATOR: Refusal[] = [
  [
    'a COLLECT started by somebody else',
    'collect',
    (b) => (b.identityId = 'another'),
    fault('/identityId', "must be the destination's identityId for a COLLECT"),
  ],
  [
    'a COLLECT into another account',
    'collect',
    (b) => (b.accountNumber = '99'),
    fault('/accountNumber', "must be the destination's accountNumber for a COLLECT"),
  ],
];
