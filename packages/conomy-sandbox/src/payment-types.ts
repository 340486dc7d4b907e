/** What one side of a payment may hold. */
export interface SideRule {
  nodes: 'account' | 'pay-in';
  countMax: number;
  /** Whether every node must carry its amount, also when there is only one. */
  amountRequired: boolean;
}

export interface PaymentTypeRule {
  origins: SideRule;
  destinations: SideRule;
  /** The side whose only node is the payment's own account; null when any account of the identity will do. */
  initiator: 'origins' | 'destinations' | null;
}

const ACCOUNT_SIDE: SideRule = {
  nodes: 'account',
  countMax: Number.POSITIVE_INFINITY,
  amountRequired: false,
};

const PAYMENT_TYPES: Record<string, PaymentTypeRule> = {
  PURCHASE: {
    origins: { nodes: 'pay-in', countMax: 1, amountRequired: false },
    destinations: ACCOUNT_SIDE,
    initiator: null,
  },
  P2P: {
    origins: { ...ACCOUNT_SIDE, countMax: 1 },
    destinations: ACCOUNT_SIDE,
    initiator: 'origins',
  },
  COLLECT: {
    origins: { ...ACCOUNT_SIDE, amountRequired: true },
    destinations: { ...ACCOUNT_SIDE, countMax: 1 },
    initiator: 'destinations',
  },
};

/** Types the provider documents and the sandbox does not play. */
const NOT_SIMULATED: ReadonlySet<string> = new Set([
  'TOPUP_ACCOUNT',
  'WITHDRAWAL_ACCOUNT',
  'REMITTANCE',
  'FEE',
  'REFUND',
  'LOCAL_DEPOSIT',
]);

export function findPaymentType(type: string): PaymentTypeRule | 'not_simulated' | undefined {
  if (Object.hasOwn(PAYMENT_TYPES, type)) return PAYMENT_TYPES[type];
  return NOT_SIMULATED.has(type) ? 'not_simulated' : undefined;
}
