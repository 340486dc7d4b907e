import type { LaggingView } from '@capstan/conomy-sandbox/lagging-view';
import type { Random } from '@capstan/local-stack/demo/random';
import type { CallOptions, ProviderFailure } from '@capstan/shared/provider/payment-provider';
import { afterCall, beforeCall, type CallName } from './points.ts';
import type { Task } from './task.ts';

/** What the provider answered: JSON, or what the client makes of everything else. */
export type Told = { ok: true; json: Record<string, unknown> } | { ok: false; failure: ProviderFailure };

/** One call of the client. */
export interface SimulatedCall extends Pick<CallOptions, 'startMsMax'> {
  name: CallName;
  /** The externalId of a create, else the Conomy id. */
  about: string;
  /** What the provider does when it arrives, and answers; null: it never arrives. */
  act: (() => Told) | null;
}

/** One write that reached the provider. */
export interface ArrivedWrite {
  operation: CallName;
  about: string;
  atMs: number;
  /** When its first byte left, by the clock of the database then. */
  leftDatabaseMs: number;
  /** The database's clock when it arrived. */
  databaseMs: number;
}

/** One call as it began, whether or not it arrived. */
export interface Begun {
  name: CallName;
  about: string;
  /** By the provider's clock. */
  providerMs: number;
}

/** Longer than any answer that still counts; the capturers' timings are made with it. */
export const CALL_MS_MAX = 5_000;
const FAULTS_MAX = 8;
/** Well below the span that absence takes. */
const LAG_MS_MAX = 8_000;

/** The way to the provider and back, with faults by seed at each stage of a call. */
export function createExchange(parts: {
  random: Random;
  now: () => number;
  databaseNow: () => number;
  providerNow: () => number;
  later: (atMs: number, run: () => void) => void;
  view: LaggingView;
  /** Of the creates that arrive, how many lose their answer beside the other faults. */
  lostCreatesPercent: number;
  refuses: () => boolean;
}) {
  const { random, now, databaseNow, providerNow, later, view, lostCreatesPercent, refuses } = parts;
  const arrived: ArrivedWrite[] = [];
  const begun: Begun[] = [];
  let faults = 0;

  const mayFail = (percent: number) => {
    if (faults >= FAULTS_MAX || random.whole(0, 99) >= percent) return false;
    faults += 1;
    return true;
  };

  const exchange = async (task: Task, { name, about, act, startMsMax }: SimulatedCall): Promise<Told> => {
    const beganMs = now();
    await task.stopAt(beforeCall(name));
    // The client's own deadline ran while the process stood still.
    if (now() - beganMs >= CALL_MS_MAX) return failed('not_sent', 'timeout');
    if (startMsMax !== undefined && now() - beganMs >= startMsMax)
      return failed('not_sent', 'deadline_passed');
    const isWrite = name !== 'read' && name !== 'list';
    begun.push({ name, about, providerMs: providerNow() });
    if (isWrite && refuses()) return failed('not_sent', 'connect_refused');
    const leftDatabaseMs = databaseNow();
    if (act === null) return failed('no_clear_answer', 'timeout');
    const reach = () => {
      if (isWrite)
        arrived.push({ operation: name, about, atMs: now(), leftDatabaseMs, databaseMs: databaseNow() });
      return act();
    };
    if (mayFail(isWrite ? 25 : 5)) {
      switch (random.whole(0, isWrite ? 6 : 2)) {
        case 0:
          return failed('not_sent', 'connect_refused');
        case 1:
          return failed('no_clear_answer', 'http_503', { httpStatus: 503 });
        case 2:
          return failed('answered', 'http_429', { httpStatus: 429, retryAfterMs: 1_000 });
        case 3:
          later(beganMs + random.whole(0, CALL_MS_MAX - 1), reach);
          return failed('no_clear_answer', 'timeout');
        case 4: {
          const held = view.holdBack(about, random.whole(1, LAG_MS_MAX), reach);
          await task.stopAt(afterCall(name));
          return now() - beganMs >= CALL_MS_MAX ? failed('no_clear_answer', 'timeout') : held;
        }
        default:
          reach();
          await task.stopAt(afterCall(name));
          return failed('no_clear_answer', 'reset');
      }
    }
    const isLost = name === 'create' && random.whole(1, 100) <= lostCreatesPercent;
    const told = isLost ? lose(reach) : reach();
    await task.stopAt(afterCall(name));
    return now() - beganMs >= CALL_MS_MAX ? failed('no_clear_answer', 'timeout') : told;
  };
  return { arrived: arrived as readonly ArrivedWrite[], begun: begun as readonly Begun[], exchange };
}

function lose(reach: () => unknown): Told {
  reach();
  return failed('no_clear_answer', 'reset');
}

export function failed(
  stage: ProviderFailure['stage'],
  reason: string,
  more: Partial<ProviderFailure> = {},
): { ok: false; failure: ProviderFailure } {
  return { ok: false, failure: { stage, reason, ...more } };
}
