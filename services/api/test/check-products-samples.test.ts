/** The check against what a provider really offers: it must not stand in the way of a body that is right. */
import { type CreatePaymentBody, createPaymentBody } from '@capstan/shared/domain/create-payment-body';
import { railSamples } from '@capstan/shared/domain/rail-samples';
import type { AvailableProduct } from '@capstan/shared/provider/payment-provider';
import { startTestProvider, type TestProvider } from '@capstan/testing/test-provider';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProductFaults } from '../src/check-products.ts';

let provider: TestProvider;

beforeAll(async () => {
  provider = await startTestProvider({ callTimeoutMs: 10_000 });
});

afterAll(() => provider.close());

async function productsFor({ identityId, purchaseCurrency, currency }: CreatePaymentBody) {
  const currencies = [purchaseCurrency, currency].filter((named) => named !== undefined);
  const read = await provider.client.readAvailableProducts({ identityId, currencies });
  if (!read.ok) throw new Error(`the products could not be read: ${JSON.stringify(read.failure)}`);
  return read.value;
}

test.each(railSamples)('$name passes the rules of its products', async ({ rail, body }) => {
  const products = await productsFor(body);
  expect(findProductFaults(createPaymentBody.parse(body), products)).toEqual([]);
  const isOffered = products.some((product: AvailableProduct) => product.rail === rail);
  expect(isOffered).toBe(rail !== 'ACCOUNT');
});
