/**
 * How fast what waited for the provider or a pause is made due once it may go on: in the order of acceptance and spread, so
 * that the relay and the queue get no more at once than they can pass on. Pure.
 */
import { type Lane, shareOf } from './provider-health.ts';

/** A million commands are due after seven minutes. */
const RELEASED_PER_SECOND_MAX = 2_500;
/** What one batch holds, in time: short enough that nobody notices the locks it takes. */
const BATCH_MS = 400;

export interface ReleasePace {
  perSecond: number;
  /** Commands of one batch. */
  batch: number;
}

/** No faster than the shared rate lets through: more would only be turned away at the gate. */
export function releasePace(lane: Lane, callsPerSecond: number | null): ReleasePace {
  const perSecond = Math.min(
    RELEASED_PER_SECOND_MAX,
    callsPerSecond === null ? RELEASED_PER_SECOND_MAX : callsPerSecond * shareOf(lane),
  );
  return { perSecond, batch: Math.ceil((perSecond * BATCH_MS) / 1_000) };
}
