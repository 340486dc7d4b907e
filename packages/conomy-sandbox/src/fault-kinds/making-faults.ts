import { type Payment, paymentBody } from '../payment.ts';
import { type Told, withPayments } from '../told-payments.ts';
import type { FaultBehaviour, FaultedCall } from './behaviour.ts';
import { otherCurrency, otherType, withDoubledAmounts } from './stranger-faults.ts';

/** Less of an `externalId` than this is never left when it is cut. */
const CUT_TO_LETTERS_MIN = 8;

/** The payment that a create really makes is not the one asked for; the answer tells of it as it is. */
export const MAKING_FAULTS = {
  /** Twice the amount is made. */
  'makes-other-amount': {
    site: 'call',
    operations: ['create'],
    answer: (call) => {
      const answer = call.run({ body: withDoubledAmounts(call.request.body) });
      return withPayments(answer, (told) => {
        const made = call.sandbox.store.find(String(told.id));
        if (made) made.madeOtherwise = true;
        return told;
      });
    },
  },
  /** It is made in another currency. */
  'makes-other-currency': making((payment) => {
    payment.currency = otherCurrency(payment.currency);
    payment.purchaseCurrency = payment.currency;
  }),
  /** It is made on another account of the tenant in the same currency, or in any if there is none. */
  'makes-other-account': making((payment, { sandbox }) => {
    const others = [...sandbox.accounts.all()].filter((each) => each.accountNumber !== payment.accountNumber);
    const other = others.find(({ currency }) => currency === payment.currency) ?? others[0];
    if (other) sandbox.store.assign(payment, other.accountNumber);
  }),
  /** It is made with another payment type. */
  'makes-other-type': making((payment) => {
    payment.type = otherType(payment.type);
  }),
  /** White space around the `externalId` is not kept. */
  'external-id-trimmed': keeping((externalId) => externalId.trim()),
  /** The `externalId` is kept without its last letters, down to 8. */
  'external-id-cut': keeping((externalId) =>
    externalId.slice(0, Math.max(CUT_TO_LETTERS_MIN, externalId.length - 2)),
  ),
  /** The `externalId` is kept in the composed form of Unicode (NFC). */
  'external-id-normalised': keeping((externalId) => externalId.normalize('NFC')),
} as const satisfies Record<string, FaultBehaviour>;

function making(change: (payment: Payment, call: FaultedCall) => void) {
  return {
    site: 'call',
    operations: ['create'],
    answer: (call: FaultedCall) =>
      withPayments(call.run(), (told) => {
        const made = call.sandbox.store.find(String(told.id));
        if (made === undefined) return told;
        made.madeOtherwise = true;
        change(made, call);
        return toldAgain(told, made);
      }),
  } as const satisfies FaultBehaviour;
}

function keeping(change: (externalId: string) => string) {
  return {
    ...making((payment) => {
      payment.askedAs = payment.externalId;
      payment.externalId = change(payment.externalId);
    }),
    meets: ({ request }: Pick<FaultedCall, 'request'>) => {
      const { externalId } = (request.body ?? {}) as Told;
      return typeof externalId === 'string' && change(externalId) !== externalId;
    },
  } as const satisfies FaultBehaviour;
}

/** The same members as were told, as the payment has them now. */
function toldAgain(told: Told, payment: Payment): Told {
  const body = paymentBody(payment);
  return Object.fromEntries(Object.keys(told).map((name) => [name, body[name]]));
}
