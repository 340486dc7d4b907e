import { setTimeout as delay } from 'node:timers/promises';
import { ConomyError } from './errors.ts';

/** One call of an operation that a fault has hit. */
export interface FaultedCall {
  /** Carries out the operation and gives its answer; throws ConomyError when it refuses. */
  run: () => unknown;
  /** The rule's `delayMs`. */
  delayMs: number | undefined;
}

/** What a fault does: to a call of an operation, or to the delivery of a webhook. */
type FaultBehaviour =
  | { site: 'call'; answer: (call: FaultedCall) => Promise<unknown> }
  /** The waits, in milliseconds, before each copy of the delivery. */
  | { site: 'delivery'; copiesAfterMs: (delayMs: number | undefined) => readonly number[] };

export const FAULTS = {
  /** The effect happens and the answer is held back: for `delayMs`, without it until the caller gives up. */
  'commit-then-timeout': {
    site: 'call',
    answer: async ({ run, delayMs }) => {
      try {
        return run();
      } finally {
        await (delayMs === undefined ? forever() : pause(delayMs));
      }
    },
  },
  /** No effect; the answer comes after `delayMs`. */
  '500': {
    site: 'call',
    answer: (call) => refuse(call, new ConomyError('01', 'unexpected error (scripted fault)')),
  },
  /** No effect: the route is not there, as the documents name some that others do not. */
  '404': {
    site: 'call',
    answer: (call) => refuse(call, new ConomyError('31', 'not found (scripted fault)')),
  },
  '501': {
    site: 'call',
    answer: (call) => refuse(call, new ConomyError('42', 'not supported (scripted fault)')),
  },
  /** No effect; `delayMs` is told to the caller as `Retry-After`, in whole seconds. */
  '429': {
    site: 'call',
    answer: async ({ delayMs = 1000 }) => {
      const retryAfter = String(Math.ceil(delayMs / 1000));
      throw new ConomyError('32', 'too many requests (scripted fault)', { 'retry-after': retryAfter });
    },
  },
  /** The event is lost: this delivery and its retries. `delayMs` has no meaning here. */
  'webhook-drop': { site: 'delivery', copiesAfterMs: () => [] },
  /** The event is delivered twice, the second time after `delayMs`. */
  'webhook-duplicate': { site: 'delivery', copiesAfterMs: (delayMs = 0) => [0, delayMs] },
} as const satisfies Record<string, FaultBehaviour>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as [FaultName, ...FaultName[]];

export function behaviourOf(fault: FaultName): FaultBehaviour {
  return FAULTS[fault];
}

async function refuse({ delayMs = 0 }: FaultedCall, error: ConomyError): Promise<never> {
  await pause(delayMs);
  throw error;
}

/** Held answers must not keep a closed sandbox's process alive. */
async function pause(ms: number): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { ref: false });
}

function forever(): Promise<never> {
  return new Promise(() => {});
}
