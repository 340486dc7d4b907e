import { payLike } from '../others.ts';
import { type Payment, paymentBody } from '../payment.ts';
import { type Told, withPayments } from '../told-payments.ts';
import { type FaultBehaviour, type FaultedCall, REFUND_LISTS, TELLING, TELLING_ONE } from './behaviour.ts';

/** The effect is as asked; the answer is of another payment, or says of this one what another has. */
export const STRANGER_FAULTS = {
  /** The answer is, member for member, a payment of others on the same account, of the same type and amount. */
  'tells-other-payment': tellingStranger((payment, other) => pick(paymentBody(other), Object.keys(payment))),
  /** The answer has the id of a payment of others; all else in it is right. */
  'tells-other-id': tellingStranger((payment, { id }) => ({ ...payment, id })),
  /** The answer has the `externalId` of a payment of others. */
  'tells-other-external-id': tellingStranger((payment, { externalId }) => ({ ...payment, externalId })),
  /** The answer names another account of the tenant. */
  'tells-other-account': {
    site: 'call',
    operations: TELLING_ONE,
    answer: ({ sandbox, run }) =>
      withPayments(run(), (payment) => {
        const others = [...sandbox.accounts.all()].map(({ accountNumber }) => accountNumber);
        return { ...payment, accountNumber: others.find((number) => number !== payment.accountNumber) };
      }),
  },
  /** The answer names another payment type. */
  'tells-other-type': {
    site: 'call',
    operations: TELLING_ONE,
    answer: ({ run }) => withPayments(run(), (payment) => ({ ...payment, type: otherType(payment.type) })),
  },
  /** Amounts are told doubled: of payments and of refund children, in answers and in rows. */
  'tells-other-amount': {
    site: 'call',
    operations: [...TELLING, 'refund', ...REFUND_LISTS],
    answer: ({ run }) => withPayments(run(), withDoubledAmounts),
  },
  /** The answer names another currency. */
  'tells-other-currency': {
    site: 'call',
    operations: [...TELLING, 'refund', ...REFUND_LISTS],
    answer: ({ run }) => withPayments(run(), withOtherCurrency),
  },
} as const satisfies Record<string, FaultBehaviour>;

function tellingStranger(change: (payment: Told, other: Payment) => Told) {
  return {
    site: 'call',
    operations: TELLING_ONE,
    answer: ({ sandbox, request, run }: FaultedCall) => {
      const answer = run();
      return withPayments(answer, (payment) => {
        const asked = sandbox.store.find(request.id === '' ? String(payment.id) : request.id);
        return asked === undefined ? payment : change(payment, payLike(sandbox, asked));
      });
    },
  } as const satisfies FaultBehaviour;
}

function pick(from: Told, names: readonly string[]): Told {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}

export function otherType(type: unknown): string {
  return type === 'P2P' ? 'REMITTANCE' : 'P2P';
}

export function otherCurrency(currency: unknown): 'USD' | 'EUR' {
  return currency === 'USD' ? 'EUR' : 'USD';
}

/** Every amount twice as large, at any depth: of a body to be asked or of a payment told. */
export function withDoubledAmounts<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (name, member) =>
    AMOUNTS.has(name) && typeof member === 'string' ? doubled(member) : member,
  );
}

const AMOUNTS: ReadonlySet<string> = new Set(['amount', 'purchaseAmount', 'totalAmount']);

/** A plain decimal doubled in its own scale; another text stays. */
function doubled(text: string): string {
  const [, whole, fraction = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return text;
  const digits = String(BigInt(whole + fraction) * 2n).padStart(fraction.length + 1, '0');
  return fraction === '' ? digits : `${digits.slice(0, -fraction.length)}.${digits.slice(-fraction.length)}`;
}

function withOtherCurrency(payment: Told): Told {
  const named = ['currency', 'purchaseCurrency'].filter((name) => name in payment);
  return { ...payment, ...Object.fromEntries(named.map((name) => [name, otherCurrency(payment[name])])) };
}
