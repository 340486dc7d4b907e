/** GET /v1/products and /v1/banks, and the check of creates against what they say. */

import type {
  AvailableProduct,
  PaymentProvider,
  ProviderFailure,
} from '@capstan/shared/provider/payment-provider';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { afterEach, describe, expect, test } from 'vitest';
import {
  type ApiFixture,
  createCommand,
  get,
  openApi,
  postBatch,
  postCommand,
  providerWith,
  SECRETS,
} from './api-fixture.ts';

const TRANSFER: AvailableProduct = {
  currency: 'COP',
  product: 'COP:COP',
  direction: 'payin',
  rail: 'ACCOUNT',
  requiredFields: [],
  minAmount: '30001',
};

let api: ApiFixture | undefined;

afterEach(async () => {
  await api?.close();
  api = undefined;
});

async function open(calls: Partial<PaymentProvider>, check = false, overrides = {}): Promise<ApiFixture> {
  api = await openApi({ provider: providerWith(calls), products: { ttlMs: 600_000, check }, ...overrides });
  return api;
}

/** A provider that offers `products`, until a test says what goes wrong. */
function offering(products: AvailableProduct[]) {
  const state: { asked: unknown[]; failure: ProviderFailure | null } = { asked: [], failure: null };
  const readAvailableProducts: PaymentProvider['readAvailableProducts'] = async (query) => {
    state.asked.push(query);
    return state.failure ? { ok: false, failure: state.failure } : { ok: true, value: products };
  };
  return Object.assign(state, { readAvailableProducts });
}

const answered = (httpStatus: number): ProviderFailure => ({
  stage: 'answered',
  reason: `http_${httpStatus}`,
  httpStatus,
});

describe('GET /v1/products', () => {
  test('answers what the provider offers and when it said so, asking once for all who ask', async () => {
    const provider = offering([TRANSFER]);
    const { app } = await open(provider);
    const first = await get(app, '/v1/products?identityId=i1&currencies=COP,CLP', SECRETS.read);
    const second = await get(app, '/v1/products?identityId=i1&currencies=CLP,COP');

    expect(first).toMatchObject({ status: 200, body: { products: [TRANSFER] } });
    expect(Date.parse(first.body.asOf)).toBeGreaterThan(0);
    expect(second.body).toEqual(first.body);
    expect(provider.asked).toEqual([{ identityId: 'i1', currencies: ['CLP', 'COP'] }]);
  });

  test.each([
    ['/v1/products', '/identityId'],
    ['/v1/products?identityId=', '/identityId'],
    ['/v1/products?identityId=i1&currencies=XXX', '/currencies/0'],
    ['/v1/products?identityId=i1&rail=PSE', '/rail'],
  ])('%s is refused, naming %s', async (url, path) => {
    const { app } = await open(offering([]));
    expect(await get(app, url)).toMatchObject({
      status: 400,
      body: { code: 'validation_failed', errors: [{ path }] },
    });
  });

  test.each([
    [answered(404), 404, 'not_found'],
    [answered(501), 404, 'not_found'],
    [answered(400), 400, 'validation_failed'],
    [answered(429), 503, 'unavailable'],
    [{ stage: 'no_clear_answer', reason: 'timeout' } as const, 503, 'unavailable'],
  ])('when the provider fails with %o the answer is %i %s', async (failure, status, code) => {
    const provider = offering([]);
    provider.failure = failure;
    const { app } = await open(provider);
    expect(await get(app, '/v1/products?identityId=i1')).toMatchObject({ status, body: { code } });
  });

  test('needs the scope read', async () => {
    const { app } = await open(offering([]));
    expect((await get(app, '/v1/products?identityId=i1', SECRETS.enqueue)).status).toBe(403);
  });
});

describe('GET /v1/banks/{country}', () => {
  test('answers the banks of a country', async () => {
    const banks = [{ code: '1007', name: 'Bancolombia', countryCode: 'COL' }];
    const { app } = await open({ readBanks: async () => ({ ok: true, value: banks }) });
    expect(await get(app, '/v1/banks/COL')).toMatchObject({ status: 200, body: { banks } });
  });

  test('a country is three capital letters', async () => {
    const { app } = await open({});
    for (const country of ['CO', 'col', 'COLO']) {
      expect(await get(app, `/v1/banks/${country}`)).toMatchObject({
        status: 404,
        body: { code: 'not_found' },
      });
    }
  });
});

describe('CHECK_PRODUCTS', () => {
  const fault = {
    path: '/payment/origins/0/amount',
    message: "must be at least 30001 COP: the provider's minAmount for ACCOUNT pay-ins in COP:COP",
  };

  test('on, a create the provider’s rules speak against is refused and its key stays free', async () => {
    const provider = offering([TRANSFER]);
    const { app, countRows } = await open(provider, true);
    const refused = await postCommand(app, createCommand(), 'key-1');

    expect(refused).toMatchObject({ status: 400, body: { code: 'validation_failed', errors: [fault] } });
    expect(await countRows()).toMatchObject({ commands: 0, payments: 0 });
    expect(provider.asked).toEqual([{ identityId: 'merchant', currencies: ['COP'] }]);
  });

  test('on, each item of a batch gets its own verdict with pointers into the batch', async () => {
    const { app } = await open(offering([TRANSFER]), true);
    const amounts = { purchaseAmount: '30001.00' };
    const node = (identityId: string, accountNumber: string) => ({
      type: 'ACCOUNT',
      amount: '30001.00',
      currency: 'COP',
      identity: { identityId },
      account: { accountNumber },
    });
    const enough = {
      externalId: 'order-2',
      ...amounts,
      origins: [node('payer', '100')],
      destinations: [node('merchant', '200')],
    };
    const { body } = await postBatch(app, {
      commands: [
        { idempotencyKey: 'key-1', ...createCommand() },
        { idempotencyKey: 'key-2', ...createCommand(enough) },
      ],
    });

    expect(body.results).toMatchObject([
      { status: 400, problem: { errors: [{ ...fault, path: `/commands/0${fault.path}` }] } },
      { status: 202 },
    ]);
  });

  test('on, the repeat of an accepted command is answered with it, whatever the rules say by now', async () => {
    const products: AvailableProduct[] = [];
    const { app } = await open(offering(products), true, { products: { ttlMs: 0, check: true } });
    const accepted = await postCommand(app, createCommand(), 'key-1');
    products.push(TRANSFER);
    const repeated = await postCommand(app, createCommand(), 'key-1');

    expect(accepted.status).toBe(202);
    expect(repeated).toMatchObject({ status: 202, headers: { 'idempotency-replayed': 'true' } });
    expect(repeated.body.command.id).toBe(accepted.body.command.id);
  });

  test('on, an unreachable provider stops no command, and the log says that it went unchecked', async () => {
    const provider = offering([TRANSFER]);
    provider.failure = { stage: 'not_sent', reason: 'connect_refused' };
    const log = createLogger('api-test', 'silent');
    const lines: unknown[] = [];
    log.warn = ((line: unknown) => lines.push(line)) as typeof log.warn;
    const { app } = await open(provider, true, { log });

    expect((await postCommand(app, createCommand(), 'key-1')).status).toBe(202);
    expect(lines).toMatchObject([
      { event: 'products.unchecked', externalId: 'order-1', reason: 'connect_refused' },
    ]);
  });

  test('off, nothing is asked and nothing refused', async () => {
    const provider = offering([TRANSFER]);
    const { app } = await open(provider, false);
    expect((await postCommand(app, createCommand(), 'key-1')).status).toBe(202);
    expect(provider.asked).toEqual([]);
  });
});
