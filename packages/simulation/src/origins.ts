import type { Payment } from '@capstan/conomy-sandbox/payment';

/** What a payment has to be to be the one that was asked for. */
const NAMED = [
  'externalId',
  'accountNumber',
  'type',
  'purchaseAmount',
  'purchaseCurrency',
  'totalAmount',
  'currency',
] as const satisfies readonly (keyof Payment)[];

export type Asked = Pick<Payment, (typeof NAMED)[number]>;

/** Who made what: the ledger alone does not tell a payment of ours from one that others made. */
export interface Origins {
  /** Remembers the payment as it should be, before anything is done to it. */
  note(payment: Payment, by: 'us' | 'others', asked?: Partial<Asked>): void;
  /** Unnoted payments are those of others. */
  isOurs(id: string): boolean;
  /** As it was asked for by us; undefined of what others made. */
  askedOf(id: string): Asked | undefined;
  /** Under which account and type lists show it. */
  listedAs(payment: Payment): Pick<Asked, 'accountNumber' | 'type'>;
  /** Names of what differs from what was asked for. */
  contradictions(payment: Payment): (keyof Asked)[];
}

export function createOrigins(): Origins {
  const asked = new Map<string, Asked & { by: 'us' | 'others' }>();
  const askedOf = (id: string) => {
    const known = asked.get(id);
    return known?.by === 'us' ? known : undefined;
  };
  return {
    note: (payment, by, over = {}) => void asked.set(payment.id, { ...pickNamed(payment), ...over, by }),
    isOurs: (id) => askedOf(id) !== undefined,
    askedOf,
    listedAs: (payment) => asked.get(payment.id) ?? payment,
    contradictions: (payment) => {
      const known = askedOf(payment.id);
      return known === undefined ? [] : NAMED.filter((name) => known[name] !== payment[name]);
    },
  };
}

function pickNamed(payment: Payment): Asked {
  return Object.fromEntries(NAMED.map((name) => [name, payment[name]])) as unknown as Asked;
}
