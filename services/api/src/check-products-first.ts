import type { Logger } from '@capstan/shared/telemetry/logger';
import { findProductFaults } from './check-products.ts';
import type { AcceptanceItem } from './decide-acceptance.ts';
import { invalidContent } from './problem.ts';
import type { Discovery } from './products.ts';

/** Looks at an item before it is accepted; what speaks against it comes back on it. Never throws. */
export type ProductCheck = (item: AcceptanceItem) => Promise<AcceptanceItem>;

/**
 * Checks creates against what the provider offers their identity. Without an answer, fresh or old, an item goes on
 * unchecked: the check saves a round trip, and the provider judges every create anyway
 * (docs/decisions/0005-unreachable-products-do-not-stop-commands.md).
 */
export function createProductCheck(discovery: Discovery, log: Logger): ProductCheck {
  return async (item) => {
    const { command } = item;
    if (command.type !== 'payment.create') return item;
    const { identityId, externalId, purchaseCurrency, currency } = command.payment;
    const currencies = [purchaseCurrency, currency].filter((named) => named !== undefined);
    const available = await discovery.products(identityId, currencies);
    if (!available.ok) {
      const { stage, reason } = available.failure;
      log.warn(
        { event: 'products.unchecked', externalId, stage, reason },
        'a create goes on without the check of its product: what the provider offers could not be read',
      );
      return item;
    }
    const faults = findProductFaults(command.payment, available.value);
    return faults.length === 0 ? item : { ...item, ruledOut: invalidContent(faults) };
  };
}
