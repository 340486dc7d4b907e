import { type Told, UNKNOWN_STATUS, withoutFields, withPayments } from '../told-payments.ts';
import { ALL_WRITES, after, type FaultBehaviour, TELLING, WRITES } from './behaviour.ts';

/** Longer than any text that Capstan has a place for. */
const LONG_TEXT = 'x'.repeat(4_000);
const NUL = '\u0000';
/** Half of a pair: no UTF-8 writes it, JSON does. */
const HALF_SURROGATE = '\ud83d';
/** No calendar and no clock has it. */
const IMPOSSIBLE_DATE = '2026-02-30T25:61:00.000Z';

/** The effect is as asked; what is told of it, or made beside it, is not. */
export const TELLING_FAULTS = {
  /** What the write did shows in reads and lists only after `delayMs` (3,000; at most 30,000 is played in the wild). */
  lag: {
    site: 'call',
    operations: ALL_WRITES,
    answer: ({ sandbox, request, run, delayMs = 3_000 }) =>
      sandbox.view.holdBack(request.id, delayMs, () => run()),
  },
  /** A second payment with the same `externalId` is made; the answer tells of the first. */
  twin: {
    site: 'call',
    operations: ['create'],
    answer: ({ run }) => {
      const answer = run();
      run();
      return answer;
    },
  },
  /** The answer names a status that no document knows. */
  'unknown-status': telling((payment) => ({ ...payment, status: UNKNOWN_STATUS })),
  /** Amounts are told as JSON numbers. */
  'amount-as-number': telling(({ totalAmount, purchaseAmount, ...payment }) => ({
    ...payment,
    ...(totalAmount === undefined ? {} : { totalAmount: Number(totalAmount) }),
    ...(purchaseAmount === undefined ? {} : { purchaseAmount: Number(purchaseAmount) }),
  })),
  /** The id is followed by 4,000 letters. */
  'long-id': telling((payment) => ({ ...payment, id: `${payment.id}${LONG_TEXT}` })),
  /** The status has 4,000 letters. */
  'long-status': telling((payment) => ({ ...payment, status: LONG_TEXT })),
  /** The id ends with NUL, which PostgreSQL stores in no text. */
  'nul-in-id': telling((payment) => ({ ...payment, id: `${payment.id}${NUL}` })),
  /** The status ends with NUL. */
  'nul-in-status': telling((payment) => ({ ...payment, status: `${payment.status}${NUL}` })),
  /** The id ends with half a surrogate pair, which no UTF-8 writes. */
  'half-surrogate-in-id': telling((payment) => ({ ...payment, id: `${payment.id}${HALF_SURROGATE}` })),
  /** The status ends with half a surrogate pair. */
  'half-surrogate-in-status': telling((payment) => ({
    ...payment,
    status: `${payment.status}${HALF_SURROGATE}`,
  })),
  /** It was created at an instant that no calendar has. */
  'impossible-date': telling((payment) => ({ ...payment, createdAt: IMPOSSIBLE_DATE })),
  /** Rows of a list lack what identifies and dates a payment. */
  'missing-fields': {
    site: 'call',
    operations: ['list', 'attempt-list'],
    answer: ({ run }) =>
      withPayments(run(), (payment) => withoutFields(payment, ['externalId', 'createdAt', 'accountNumber'])),
  },
  /** The answer comes only after the deliveries that the write caused. */
  'webhook-before-response': {
    site: 'call',
    operations: WRITES,
    answer: after(({ sandbox }) => sandbox.deliveriesMade()),
  },
} as const satisfies Record<string, FaultBehaviour>;

function telling(change: (payment: Told) => Told) {
  return {
    site: 'call',
    operations: TELLING,
    answer: ({ run }) => withPayments(run(), change),
  } as const satisfies FaultBehaviour;
}
