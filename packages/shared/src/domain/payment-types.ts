import { type RailType, railsGoing } from './rails.ts';

/** How many nodes a side takes and on which rails. */
export interface SideRule {
  min: number;
  max: number;
  rails: readonly RailType[];
}

export interface PaymentTypeRule {
  origins: SideRule;
  destinations: SideRule;
  /** Who starts the payment, in words. */
  initiator: string;
  /** Top-level `identityId` and `accountNumber` must be those of the destination. */
  initiatorIsDestination: boolean;
  /** One currency throughout, as in every documented sample of internal movements. */
  singleCurrency: boolean;
  /** Every node states its amount, also one alone on its side. */
  amountsRequired: boolean;
  /** What the documents leave open, and what was chosen. */
  note?: string;
}

/** A bound on nodes per side, far above any documented use, so that one command stays one small job. */
const NODES_MAX = 100;

const payIn = railsGoing('in').filter((type) => type !== 'ACCOUNT');
const payOut = railsGoing('out').filter((type) => type !== 'ACCOUNT');

const one = (...rails: RailType[]): SideRule => ({ min: 1, max: 1, rails });
const many = (...rails: RailType[]): SideRule => ({ min: 1, max: NODES_MAX, rails });

const usual = { initiatorIsDestination: false, singleCurrency: false, amountsRequired: false };

const table = {
  TOPUP_ACCOUNT: {
    ...usual,
    origins: one(...payIn),
    destinations: one('ACCOUNT'),
    initiator: 'owner of the account',
    note: 'Pages disagree on several destinations (D24): one.',
  },
  WITHDRAWAL_ACCOUNT: {
    ...usual,
    origins: one('ACCOUNT'),
    destinations: many(...payOut),
    initiator: 'owner of the origin',
  },
  PURCHASE: {
    ...usual,
    origins: one(...payIn),
    destinations: many('ACCOUNT'),
    initiator: 'a third party: the customer',
    note: 'May be split over accounts; pages disagree on whether that is open to every tenant (D25).',
  },
  REMITTANCE: {
    ...usual,
    origins: one('ACCOUNT', ...payIn),
    destinations: many(...payOut),
    initiator: 'owner of the origin',
    note: 'The usual case converts, as `BRL:USD`.',
  },
  P2P: {
    ...usual,
    origins: one('ACCOUNT'),
    destinations: many('ACCOUNT'),
    initiator: 'owner of the origin',
    singleCurrency: true,
  },
  COLLECT: {
    origins: many('ACCOUNT'),
    destinations: one('ACCOUNT'),
    initiator: 'owner of the destination, who may also be among the origins',
    initiatorIsDestination: true,
    singleCurrency: true,
    amountsRequired: true,
  },
} as const satisfies Record<string, PaymentTypeRule>;

export type PaymentType = keyof typeof table;

/** The payment types a caller may create. */
export const PAYMENT_TYPES: Readonly<Record<PaymentType, PaymentTypeRule>> = table;

export const PAYMENT_TYPE_NAMES = Object.keys(PAYMENT_TYPES) as [PaymentType, ...PaymentType[]];

/** Types that payments have but nobody creates, each with the reason a caller is given. */
export const UNCREATABLE_TYPES: Readonly<Record<string, string>> = {
  FEE: 'FEE payments are made by Conomy itself, together with the payment they belong to',
  REFUND: 'a refund is asked for with a payment.refund command that names the payment to give back',
  LOCAL_DEPOSIT:
    'LOCAL_DEPOSIT payments are made by Conomy itself, when a deposit arrives that nobody announced',
};

/**
 * Types of older data and what they are called now; two where one name became two. Never sent, may be met in answers.
 * No document says what became of `REWARDS`: it is no type of today's.
 */
export const OLD_TYPE_NAMES: Readonly<Record<string, readonly PaymentType[]>> = {
  PAYMENT: ['PURCHASE'],
  PAY_IN: ['TOPUP_ACCOUNT', 'PURCHASE'],
  PAY_OUT: ['WITHDRAWAL_ACCOUNT', 'REMITTANCE'],
  TOPUP_CARD: ['TOPUP_ACCOUNT'],
  REWARDS: [],
  REMITTANCES: ['REMITTANCE'],
  ON_RAMP: ['TOPUP_ACCOUNT'],
  OFF_RAMP: ['WITHDRAWAL_ACCOUNT'],
  WITHDRAWAL: ['WITHDRAWAL_ACCOUNT'],
};

/** Whether Conomy tells the type that was asked for, under its name of today or of older data. */
export function isSameType(asked: string, told: string): boolean {
  const names: readonly string[] = Object.hasOwn(OLD_TYPE_NAMES, told) ? (OLD_TYPE_NAMES[told] ?? []) : [];
  return told === asked || names.includes(asked);
}

/** Why a value is not a type to create, as a sentence for the caller. */
export function explainUncreatableType(type: unknown): string {
  const reason =
    typeof type === 'string' && Object.hasOwn(UNCREATABLE_TYPES, type) && UNCREATABLE_TYPES[type];
  const list = `must be one of ${PAYMENT_TYPE_NAMES.join(', ')}`;
  return reason ? `${reason}; here it ${list}` : list;
}
