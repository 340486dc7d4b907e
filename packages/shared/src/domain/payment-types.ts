import { RAIL_TYPES, RAILS, type RailType } from './rails.ts';

/** How many nodes a side takes and on which rails (dossier §8). */
export interface SideRule {
  min: number;
  max: number;
  rails: readonly RailType[];
}

export interface PaymentTypeRule {
  origins: SideRule;
  destinations: SideRule;
  /** One currency throughout, as in every documented sample of internal movements. */
  singleCurrency: boolean;
  /** Every node states its amount. */
  amountsRequired: boolean;
  /** Top-level `identityId` and `accountNumber` must be those of the destination. */
  initiatorIsDestination: boolean;
}

/** A bound on nodes per side, far above any documented use, so that one command stays one small job. */
const NODES_MAX = 100;

const payIn = RAIL_TYPES.filter(
  (type) => type !== 'ACCOUNT' && (RAILS[type].directions as readonly string[]).includes('in'),
);
const account = (min: number, max: number): SideRule => ({ min, max, rails: ['ACCOUNT'] });

export const PAYMENT_TYPES = {
  COLLECT: {
    origins: account(1, NODES_MAX),
    destinations: account(1, 1),
    singleCurrency: true,
    amountsRequired: true,
    initiatorIsDestination: true,
  },
  PURCHASE: {
    origins: { min: 1, max: 1, rails: payIn },
    destinations: account(1, NODES_MAX),
    singleCurrency: false,
    amountsRequired: false,
    initiatorIsDestination: false,
  },
  P2P: {
    origins: account(1, 1),
    destinations: account(1, NODES_MAX),
    singleCurrency: true,
    amountsRequired: false,
    initiatorIsDestination: false,
  },
} as const satisfies Record<string, PaymentTypeRule>;

export type PaymentType = keyof typeof PAYMENT_TYPES;

export const PAYMENT_TYPE_NAMES = Object.keys(PAYMENT_TYPES) as [PaymentType, ...PaymentType[]];
