import { isFinalStatus } from './payment-status.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** How long money may be on its way, by the slowest rail of the payment (dossier §8, §9): business days and a weekend. */
const SLOW_RAILS: Readonly<Record<string, number>> = {
  ACH: 5 * DAY,
  SEPA: 5 * DAY,
  BANK_ACCOUNT: 5 * DAY,
  WIRE: 7 * DAY,
  SWIFT: 7 * DAY,
  CRYPTO: 2 * DAY,
};
const ACCOUNTS_ONLY_MS = HOUR;
const OTHER_RAILS_MS = DAY;
/** Documents tell of 48 hours for deposits; an uncaptured payment is to be EXPIRED by then. */
const UNCAPTURED_MS = 3 * DAY;
/** A review, and every state without documented moves. */
const HELD_MS = DAY;

/**
 * Milliseconds after which a payment that has just entered `status` counts as standing still; null when it never does.
 *
 * | status | after |
 * | --- | --- |
 * | CREATED, AUTHORIZED | 3 days |
 * | REQUIRES_REVIEW, and what no document tells | 1 day |
 * | CAPTURED, RECEIVED between accounts | 1 hour |
 * | CAPTURED, RECEIVED over ACH, SEPA, a bank account | 5 days |
 * | CAPTURED, RECEIVED over WIRE, SWIFT | 7 days |
 * | CAPTURED, RECEIVED over another rail | 1 day (CRYPTO 2) |
 */
export function overdueAfterMs(status: string, snapshot: Record<string, unknown>): number | null {
  if (isFinalStatus(status) || status === 'ATTEMPT') return null;
  switch (status) {
    case 'CREATED':
    case 'AUTHORIZED':
      return UNCAPTURED_MS;
    case 'CAPTURED':
    case 'RECEIVED':
      return Math.max(...railsOf(snapshot).map(railMs));
    default:
      return HELD_MS;
  }
}

function railMs(rail: string): number {
  return rail === 'ACCOUNT' ? ACCOUNTS_ONLY_MS : (SLOW_RAILS[rail] ?? OTHER_RAILS_MS);
}

/** The rails of all nodes; where none is told the payment may be on any. */
function railsOf({ origins, destinations }: Record<string, unknown>): string[] {
  const nodes = [origins, destinations].flatMap((side) => (Array.isArray(side) ? side : []));
  const rails = nodes.flatMap((node: unknown) =>
    typeof node === 'object' && node !== null && 'type' in node ? [String(node.type)] : [],
  );
  return rails.length === 0 ? ['?'] : rails;
}
