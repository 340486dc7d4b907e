import { setTimeout as delay } from 'node:timers/promises';
import { ConomyError } from './errors.ts';
import type { OperationName } from './operations/operation.ts';
import { Reply } from './operations/reply.ts';
import { UNKNOWN_STATUS, withoutFields, withPayments } from './told-payments.ts';
import type { Wire } from './wire.ts';

/** One call of an operation that a fault has hit. */
export interface FaultedCall {
  /** Carries out the operation and gives its answer; throws ConomyError when it refuses. */
  run: () => unknown;
  wire: Wire;
  /** Carries it out, and what it did shows in reads and lists only after `ms`. */
  runHeldBack: (ms: number) => unknown;
  /** Ends every token that was handed out. */
  revokeTokens: () => void;
  /** Resolves when the deliveries under way have been answered. */
  deliveriesMade: () => Promise<void>;
  /** The rule's `delayMs`. */
  delayMs: number | undefined;
}

/** What a fault does: to a call of an operation, or to the delivery of a webhook. */
export type FaultBehaviour =
  | {
      site: 'call';
      /** Where it can be met; left out: everywhere. */
      operations?: readonly OperationName[];
      answer: (call: FaultedCall) => unknown;
    }
  | { site: 'delivery'; deliver: (delayMs: number | undefined) => DeliveryPlan };

/** How an event reaches its receiver. */
export interface DeliveryPlan {
  /** The wait, in milliseconds, before each copy of it. */
  copiesAfterMs: readonly number[];
  /** Signed with a secret that is not the receiver's. */
  badlySigned?: boolean;
  /** Held until the next event of its payment has left, but no longer than this. */
  afterNextMs?: number;
}

/** How an event is delivered that no fault hits. */
export const AT_ONCE: DeliveryPlan = { copiesAfterMs: [0] };

const WRITES: readonly OperationName[] = ['create', 'authorize', 'capture', 'refund'];
const TELLING: readonly OperationName[] = ['create', 'authorize', 'capture', 'read', 'list'];
const GATEWAY_PAGE = '<html><head><title>Gateway</title></head><body>upstream is not available</body></html>';

/** What goes wrong with the connection or with what is written on it. */
const WIRE_FAULTS = {
  /** No effect: the port is shut for `delayMs` (1,000), so that this call is reset and later ones are refused. */
  refuse: { site: 'call', answer: ({ wire, delayMs = 1_000 }) => wire.refuse(delayMs) },
  /** No effect: the connection is reset before an answer. */
  'reset-before': { site: 'call', answer: ({ wire }) => wire.reset() },
  /** The effect happens, then the connection is reset. */
  'reset-after': { site: 'call', answer: after(({ wire }) => wire.reset()) },
  /** The effect happens and the answer is held back: for `delayMs`, without it until the caller gives up. */
  'commit-then-timeout': {
    site: 'call',
    answer: after(({ delayMs }) => (delayMs === undefined ? forever() : pause(delayMs))),
  },
  /** The effect happens; the first byte of the answer comes after `delayMs` (2,000). */
  slow: { site: 'call', answer: after(({ delayMs = 2_000 }) => pause(delayMs)) },
  /** The effect happens; the bytes of the answer trickle over `delayMs` (2,000). */
  'slow-bytes': {
    site: 'call',
    answer: after(({ wire, delayMs = 2_000 }, answer) => wire.send({ ...json(answer), overMs: delayMs })),
  },
  /** The effect happens; the answer is cut in the middle. */
  'cut-json': {
    site: 'call',
    answer: after(({ wire }, answer) => {
      const whole = json(answer);
      return wire.send({ ...whole, cutAfter: Math.floor(Buffer.byteLength(whole.body) / 2) });
    }),
  },
  /** The effect happens; the answer is a 200 without a body. */
  'empty-body': {
    site: 'call',
    answer: after(({ wire }, answer) => wire.send({ ...json(answer), body: '' })),
  },
  /** The effect happens; the answer is a 200 with a page of HTML. */
  html: {
    site: 'call',
    answer: after(({ wire }) => wire.send({ status: 200, contentType: 'text/html', body: GATEWAY_PAGE })),
  },
} as const satisfies Record<string, FaultBehaviour>;

/** Refusals and failures in good HTTP. */
const ANSWER_FAULTS = {
  /** The effect happens and the answer says that the provider failed. */
  'commit-then-500': { site: 'call', answer: after(() => refuse('01', 'unexpected error')) },
  /** No effect; the answer comes after `delayMs`. */
  '500': { site: 'call', answer: ({ delayMs }) => refuseLater(delayMs, '01', 'unexpected error') },
  /** No effect; a gateway says so with a page of HTML. */
  '503': {
    site: 'call',
    answer: ({ wire }) => wire.send({ status: 503, contentType: 'text/html', body: GATEWAY_PAGE }),
  },
  /** No effect; this tenant may not do it. */
  '403': { site: 'call', answer: () => refuse('43', 'the operation is forbidden') },
  /** No effect: the route is not there, as the documents name some that others do not. */
  '404': { site: 'call', answer: ({ delayMs }) => refuseLater(delayMs, '31', 'not found') },
  /** No effect; the provider says that it exists already. */
  '409': { site: 'call', answer: () => refuse('13', 'it exists already') },
  /** No effect; a precondition does not hold. */
  '422': { site: 'call', answer: () => refuse('21', 'a precondition does not hold') },
  /** No effect; `delayMs` (1,000) is told to the caller as `Retry-After`, in whole seconds. */
  '429': {
    site: 'call',
    answer: ({ delayMs = 1_000 }) =>
      refuse('32', 'too many requests', { 'retry-after': String(Math.ceil(delayMs / 1_000)) }),
  },
  /** No effect and no word of when to come back. */
  '429-without-retry-after': { site: 'call', answer: () => refuse('32', 'too many requests') },
  '501': { site: 'call', answer: ({ delayMs }) => refuseLater(delayMs, '42', 'not supported') },
  /** No effect: every token handed out so far has ended. */
  'revoked-token': {
    site: 'call',
    answer: ({ revokeTokens }) => {
      revokeTokens();
      return refuse('41', 'the access token was revoked');
    },
  },
} as const satisfies Record<string, FaultBehaviour>;

/** The effect is as asked; what is told of it, or made beside it, is not. */
const TELLING_FAULTS = {
  /** What the write did shows in reads and lists only after `delayMs` (3,000; at most 30,000 is played in the wild). */
  lag: {
    site: 'call',
    operations: [...WRITES, 'documents', 'attempt'],
    answer: ({ runHeldBack, delayMs = 3_000 }) => runHeldBack(delayMs),
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
  'unknown-status': {
    site: 'call',
    operations: TELLING,
    answer: ({ run }) => withPayments(run(), (payment) => ({ ...payment, status: UNKNOWN_STATUS })),
  },
  /** Amounts are told as JSON numbers. */
  'amount-as-number': {
    site: 'call',
    operations: TELLING,
    answer: ({ run }) =>
      withPayments(run(), ({ totalAmount, purchaseAmount, ...payment }) => ({
        ...payment,
        ...(totalAmount === undefined ? {} : { totalAmount: Number(totalAmount) }),
        ...(purchaseAmount === undefined ? {} : { purchaseAmount: Number(purchaseAmount) }),
      })),
  },
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
    answer: after(({ deliveriesMade }) => deliveriesMade()),
  },
} as const satisfies Record<string, FaultBehaviour>;

const DELIVERY_FAULTS = {
  /** The event is lost: this delivery and its retries. `delayMs` has no meaning here. */
  'webhook-drop': { site: 'delivery', deliver: () => ({ copiesAfterMs: [] }) },
  /** The event is delivered twice, the second time after `delayMs`. */
  'webhook-duplicate': { site: 'delivery', deliver: (delayMs = 0) => ({ copiesAfterMs: [0, delayMs] }) },
  /** The event is delivered after `delayMs` (2,000). */
  'webhook-delay': { site: 'delivery', deliver: (delayMs = 2_000) => ({ copiesAfterMs: [delayMs] }) },
  /** The event is overtaken by the next one of its payment, for which it waits `delayMs` (5,000) at most. */
  'webhook-reorder': {
    site: 'delivery',
    deliver: (delayMs = 5_000) => ({ copiesAfterMs: [0], afterNextMs: delayMs }),
  },
  /** The event and its retries are signed with another secret, so they are as good as lost. */
  'webhook-bad-signature': { site: 'delivery', deliver: () => ({ copiesAfterMs: [0], badlySigned: true }) },
} as const satisfies Record<string, FaultBehaviour>;

export const FAULTS = { ...WIRE_FAULTS, ...ANSWER_FAULTS, ...TELLING_FAULTS, ...DELIVERY_FAULTS };

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as [FaultName, ...FaultName[]];

export function behaviourOf(fault: FaultName): FaultBehaviour {
  return FAULTS[fault];
}

/** Whether a rule of this target can ever fire; `*` stands for every operation and for the webhooks. */
export function canMeet(fault: FaultName, target: OperationName | 'webhook' | '*'): boolean {
  const behaviour = behaviourOf(fault);
  if (target === '*') return true;
  if (target === 'webhook' || behaviour.site === 'delivery')
    return target === 'webhook' && behaviour.site === 'delivery';
  return behaviour.operations?.includes(target) ?? true;
}

/** First the effect, whose refusal is the answer; then `then`, whose result replaces the answer if it has one. */
function after(then: (call: FaultedCall, answer: unknown) => unknown) {
  return async (call: FaultedCall): Promise<unknown> => {
    const answer = call.run();
    return (await then(call, answer)) ?? answer;
  };
}

function json(answer: unknown) {
  const { status, body } = answer instanceof Reply ? answer : new Reply(200, answer);
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}

type Code = ConstructorParameters<typeof ConomyError>[0];

function refuse(code: Code, detail: string, headers?: Record<string, string>): never {
  throw new ConomyError(code, `${detail} (scripted fault)`, headers);
}

async function refuseLater(delayMs = 0, code: Code, detail: string): Promise<never> {
  await pause(delayMs);
  return refuse(code, detail);
}

/** Held answers must not keep a closed sandbox's process alive. */
async function pause(ms: number): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { ref: false });
}

function forever(): Promise<never> {
  return new Promise(() => {});
}
