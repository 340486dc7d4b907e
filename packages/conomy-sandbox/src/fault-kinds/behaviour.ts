import { setTimeout as delay } from 'node:timers/promises';
import { ConomyError } from '../errors.ts';
import type { OperationName, OperationRequest } from '../operations/operation.ts';
import { Reply } from '../operations/reply.ts';
import type { Sandbox } from '../sandbox.ts';
import type { SignedDelivery, WebhookEvent } from '../webhook-event.ts';
import type { Wire } from '../wire.ts';

/** One call of an operation that a fault has hit. */
export interface FaultedCall {
  sandbox: Sandbox;
  request: OperationRequest;
  /** Carries out the operation and gives its answer; with `changes` as if that had been asked. Throws ConomyError. */
  run: (changes?: Partial<OperationRequest>) => unknown;
  wire: Wire;
  /** A whole number from `least` to `most`, drawn by the seed. */
  pick: (least: number, most: number) => number;
  /** The rule's `delayMs`. */
  delayMs: number | undefined;
  /** The rule's `rows`. */
  rows: number | undefined;
}

/** What a fault does: to a call of an operation, or to the delivery of a webhook. */
export type FaultBehaviour =
  | {
      site: 'call';
      /** Where it can be met; left out: everywhere. */
      operations?: readonly OperationName[];
      /** Of the calls it can meet, those that it would change anything about; left out: all. */
      meets?: (call: Pick<FaultedCall, 'sandbox' | 'request'>) => boolean;
      answer: (call: FaultedCall) => unknown;
    }
  | {
      site: 'delivery';
      deliver: (delayMs: number | undefined, pick: FaultedCall['pick']) => DeliveryPlan;
    };

/** How an event reaches its receiver. */
export interface DeliveryPlan {
  /** The wait, in milliseconds, before each copy of it. */
  copiesAfterMs: readonly number[];
  /** Signed with a secret that is not the receiver's. */
  badlySigned?: boolean;
  /** Held until the next event of its payment has left, but no longer than this. */
  afterNextMs?: number;
  /** Writes the nth copy, from 0, in its own way; `sign` gives the bytes and the signature of an event. */
  write?: (event: WebhookEvent, nth: number, sign: (event: WebhookEvent) => SignedDelivery) => SignedDelivery;
}

/** How an event is delivered that no fault hits. */
export const AT_ONCE: DeliveryPlan = { copiesAfterMs: [0] };

export const WRITES: readonly OperationName[] = ['create', 'authorize', 'capture', 'refund'];
export const ALL_WRITES: readonly OperationName[] = [...WRITES, 'documents', 'attempt'];
/** Operations whose answer is one payment. */
export const TELLING_ONE: readonly OperationName[] = ['create', 'authorize', 'capture', 'read'];
export const TELLING: readonly OperationName[] = [...TELLING_ONE, 'list'];
/** Lists of the refunds of one payment or of all. */
export const REFUND_LISTS: readonly OperationName[] = ['refunds', 'payment-refunds'];

/** First the effect, whose refusal is the answer; then `then`, whose result replaces the answer if it has one. */
export function after(then: (call: FaultedCall, answer: unknown) => unknown) {
  return async (call: FaultedCall): Promise<unknown> => {
    const answer = call.run();
    return (await then(call, answer)) ?? answer;
  };
}

/** The answer as it goes over the wire when nothing is wrong with it. */
export function json(answer: unknown) {
  const { status, body } = answer instanceof Reply ? answer : new Reply(200, answer);
  return { status, contentType: 'application/json', body: JSON.stringify(body) };
}

type Code = ConstructorParameters<typeof ConomyError>[0];

export function refuse(code: Code, detail: string, headers?: Record<string, string>): never {
  throw new ConomyError(code, `${detail} (scripted fault)`, headers);
}

export async function refuseLater(delayMs = 0, code: Code, detail: string): Promise<never> {
  await pause(delayMs);
  return refuse(code, detail);
}

/** Held answers must not keep a closed sandbox's process alive. */
export async function pause(ms: number): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { ref: false });
}

export function forever(): Promise<never> {
  return new Promise(() => {});
}
