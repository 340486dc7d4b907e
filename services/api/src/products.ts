import type { AvailableProduct, Bank, PaymentProvider } from '@capstan/shared/provider/payment-provider';
import { type CachedAnswer, createReadCache } from './products-cache.ts';

/** What can be sent, as the provider says it, read through a cache. */
export interface Discovery {
  /** All currencies when none are named. */
  products(identityId: string, currencies?: readonly string[]): Promise<CachedAnswer<AvailableProduct[]>>;
  /** `country` is ISO 3166-1 alpha-3. */
  banks(country: string): Promise<CachedAnswer<Bank[]>>;
}

/** Shorter than other calls: somebody waits for the answer, and can do without it. */
const READ_MS_MAX = 3_000;

/** @param ttlMs how long an answer is taken for current */
export function createDiscovery(
  provider: Pick<PaymentProvider, 'readAvailableProducts' | 'readBanks'>,
  ttlMs: number,
  clock: { now(): number } = Date,
): Discovery {
  const products = createReadCache<AvailableProduct[]>(ttlMs, clock);
  const banks = createReadCache<Bank[]>(ttlMs, clock);
  const options = () => ({ signal: AbortSignal.timeout(READ_MS_MAX) });
  return {
    products(identityId, named = []) {
      const currencies = [...new Set(named)].sort();
      return products(JSON.stringify([identityId, currencies]), () =>
        provider.readAvailableProducts({ identityId, currencies }, options()),
      );
    },
    banks: (country) => banks(country, () => provider.readBanks(country, options())),
  };
}
