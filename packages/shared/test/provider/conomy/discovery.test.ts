// What can be sent, in both spellings of the provider, as one shape.
import { afterEach, describe, expect, it } from 'vitest';
import type { ConomyClient } from '../../../src/provider/conomy/client.ts';
import { parseAvailableProducts, parseBanks } from '../../../src/provider/conomy/discovery.ts';
import { fixture } from './fixtures.ts';
import { clientFor, httpAnswer, startTcpServer, type TcpServer } from './tcp-server.ts';

const ETPAY = {
  currency: 'CLP',
  product: 'CLP:CLP',
  direction: 'payin',
  rail: 'ETPAY',
  requiredFields: ['etpay.successUrl', 'etpay.failedUrl', 'etpay.customer.email'],
  validDestinations: ['ACCOUNT'],
};

describe('parseAvailableProducts', () => {
  it('reads the documented answer by currency and direction', () => {
    expect(parseAvailableProducts(fixture('available-products.response'))).toEqual([
      ETPAY,
      {
        currency: 'CLP',
        product: 'CLP:CLP',
        direction: 'payout',
        rail: 'BANK_ACCOUNT',
        requiredFields: ['bank.accountNumber', 'bank.accountHolder', 'customer.documentNumber'],
        validOrigins: ['ACCOUNT'],
      },
    ]);
  });

  it('reads the flat spelling as the same shape; the types a product serves say its direction', () => {
    const { direction: _direction, rail, ...same } = ETPAY;
    const products = [
      { ...same, type: rail, paymentTypes: ['PURCHASE', 'TOPUP_ACCOUNT'] },
      { type: 'PSE', product: 'USD:COP', paymentTypes: ['PURCHASE'], minAmount: 1000, maxAmount: '5000000' },
      { type: 'BREB', product: 'USD:COP', paymentTypes: ['WITHDRAWAL_ACCOUNT'] },
    ];
    expect(parseAvailableProducts({ products })).toEqual([
      ETPAY,
      {
        currency: 'USD',
        product: 'USD:COP',
        direction: 'payin',
        rail: 'PSE',
        requiredFields: [],
        minAmount: '1000',
        maxAmount: '5000000',
      },
      { currency: 'COP', product: 'USD:COP', direction: 'payout', rail: 'BREB', requiredFields: [] },
    ]);
  });

  it('a product takes the currency of its list when it states none', () => {
    const byCurrency = [{ currency: 'COP', payin: { products: [{ name: 'NEQUI' }] }, payout: null }];
    expect(parseAvailableProducts({ byCurrency })).toEqual([
      { currency: 'COP', product: 'COP:COP', direction: 'payin', rail: 'NEQUI', requiredFields: [] },
    ]);
  });

  it('leaves out what states no rule, and never fails', () => {
    const products = [{ product: 'COP:COP', paymentTypes: ['P2P'] }, { type: 'PSE' }, null, 7];
    expect(parseAvailableProducts({ products })).toEqual([]);
    expect(
      parseAvailableProducts({ byCurrency: [null, {}, { currency: 'CLP', payin: { products: 'x' } }] }),
    ).toEqual([]);
    for (const json of [null, [], {}, { products: {} }, 'text'])
      expect(parseAvailableProducts(json)).toBeNull();
  });
});

describe('parseBanks', () => {
  it('reads the documented list and leaves out what cannot be chosen', () => {
    const banks = [
      { code: '1007', name: 'Bancolombia', countryCode: 'COL' },
      { code: 13, name: 'BBVA' },
      { name: 'no code' },
      null,
    ];
    expect(parseBanks(banks)).toEqual([
      { code: '1007', name: 'Bancolombia', countryCode: 'COL' },
      { code: '13', name: 'BBVA' },
    ]);
    expect(parseBanks({ error: 'x' })).toBeNull();
  });
});

describe('the calls', () => {
  let server: TcpServer;
  let client: ConomyClient;

  async function startAnswering(body: unknown) {
    server = await startTcpServer((socket) => socket.write(httpAnswer(200, body)));
    client = clientFor(server.url);
  }

  afterEach(async () => {
    await client.close();
    await server.close();
  });

  it('products are asked for by identity, with currencies only when some are named', async () => {
    await startAnswering(fixture('available-products.response'));
    const result = await client.readAvailableProducts({ identityId: 'i&1', currencies: ['ARS', 'CLP'] });
    expect(result).toMatchObject({ ok: true, value: [{ rail: 'ETPAY' }, { rail: 'BANK_ACCOUNT' }] });
    await client.readAvailableProducts({ identityId: 'i2' });
    const queries = server.requests.map(({ path }) => new URL(path, server.url));
    expect(queries.map((url) => url.pathname)).toEqual(Array(2).fill('/payments/available-products'));
    expect(queries.map((url) => Object.fromEntries(url.searchParams))).toEqual([
      { identityId: 'i&1', currencies: 'ARS,CLP' },
      { identityId: 'i2' },
    ]);
  });

  it('banks are asked for by country', async () => {
    await startAnswering([{ code: '1', name: 'One', countryCode: 'COL' }]);
    expect(await client.readBanks('COL')).toEqual({
      ok: true,
      value: [{ code: '1', name: 'One', countryCode: 'COL' }],
    });
    expect(server.requests[0]?.path).toBe('/payments/banks/COL');
  });

  it('an answer that is no list of products is a failure', async () => {
    await startAnswering({ ok: true });
    expect(await client.readAvailableProducts({ identityId: 'i1' })).toMatchObject({
      ok: false,
      failure: { reason: 'not_products' },
    });
  });
});
