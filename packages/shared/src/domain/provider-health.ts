/**
 * The provider's health as all workers see it together, and how each call's end changes it. Pure: durations are
 * milliseconds by the database clock, and whoever holds the row applies one change after the other.
 */
import { backoffMs } from '../retry/backoff.ts';

export interface ProviderHealth {
  /** `open`: writes wait and probes are reads. `half_open`: one write at a time is let through. */
  breaker: 'closed' | 'open' | 'half_open';
  /** Calls in a row that failed for the provider's reasons. */
  failures: number;
  /** Up to three of the payments they were about. */
  failedPayments: string[];
  /** How often it opened since it was last closed. */
  openings: number;
  /** Until the next probe may leave (open), or until the write let through is given up (half-open); null: at once. */
  nextTryInMs: number | null;
  /** Writes in a row that were refused with 403, and up to three of their payments. */
  forbidden: number;
  forbiddenPayments: string[];
  /** Shared by all processes; null: not limited. */
  callsPerSecond: number | null;
  rateChangedMsAgo: number | null;
  /** A 429, or a call of which no byte left; null when there was none. */
  turnedAwayMsAgo: number | null;
  /** A call that went well, noted once after each of those. */
  succeededMsAgo: number | null;
}

/** Writes and reads draw their slots apart, so that neither can starve the other. */
export type Lane = 'write' | 'read';

/** Of a limited rate; the rest is for writes. */
const READ_SHARE = 0.2;

/** The part of the shared rate that a lane has. */
export function shareOf(lane: Lane): number {
  return lane === 'read' ? READ_SHARE : 1 - READ_SHARE;
}

/** Of calls in a row. */
export const FAILURES_TO_OPEN = 5;
/** One payment that always fails is its own trouble, not the provider's. */
export const PAYMENTS_TO_OPEN = 3;

/** A rate is halved once per wave of 429s, and grows back slowly. */
const RATE_WAVE_MS = 1_000;
const RATE_STEP_MS = 5_000;
const RATE_GROWTH = 1.25;
const RATE_MIN = 1;
/** The first 429 of a system with little to do says little about what the provider can take. */
const RATE_BEFORE_FIRST_MIN = 50;
/** From here on the limit is forgotten: no call counts itself any more. */
const RATE_FORGOTTEN = 1_000;

/** A call that failed for the provider's reasons: not reached, no clear answer, or a server error. */
export interface FailedCall {
  kind: 'read' | 'write';
  /** The payment it was about; null when it was about none. */
  payment: string | null;
  /** No byte of it left, so it cannot be this payment that the provider fails on. */
  notSent: boolean;
  /** This process saw a call go well since its last failure: then the row of failures was broken. */
  afterSuccess: boolean;
  random: number;
}

export function afterFailure(health: ProviderHealth, call: FailedCall): ProviderHealth | null {
  switch (health.breaker) {
    case 'closed': {
      const failures = call.afterSuccess ? 1 : health.failures + 1;
      const failedPayments = withPayment(call.afterSuccess ? [] : health.failedPayments, call.payment);
      const turnedAwayMsAgo = call.notSent ? 0 : health.turnedAwayMsAgo;
      const counted = { ...health, failures, failedPayments, turnedAwayMsAgo };
      const isProvider = call.notSent || failedPayments.length >= PAYMENTS_TO_OPEN;
      return failures >= FAILURES_TO_OPEN && isProvider ? opened(counted, call.random) : counted;
    }
    case 'half_open':
      // Reads come by the dozen: they open it again, and only what was tried on purpose makes the next probe wait longer.
      return call.kind === 'write'
        ? opened(health, call.random)
        : openedFor(health, health.openings, call.random);
    case 'open':
      // What was under way when it opened tells nothing new.
      return null;
  }
}

/** A probe failed, so the next one waits longer; null when the breaker is not open any more. */
export function afterFailedProbe(health: ProviderHealth, random: number): ProviderHealth | null {
  return health.breaker === 'open' ? opened(health, random) : null;
}

/** The provider answered. Null when that changes nothing, which is the rule. */
export function afterAnswer(health: ProviderHealth, kind: 'read' | 'write'): ProviderHealth | null {
  if (health.breaker === 'open') return { ...health, breaker: 'half_open', nextTryInMs: null };
  if (health.breaker === 'half_open' && kind === 'write') {
    return { ...health, breaker: 'closed', failures: 0, failedPayments: [], openings: 0, nextTryInMs: null };
  }
  return null;
}

/** A call went well; null when nobody was turned away since the last one that was noted. */
export function afterSuccess(health: ProviderHealth): ProviderHealth | null {
  const { turnedAwayMsAgo, succeededMsAgo } = health;
  const isNews = turnedAwayMsAgo !== null && (succeededMsAgo === null || succeededMsAgo >= turnedAwayMsAgo);
  return isNews ? { ...health, succeededMsAgo: 0 } : null;
}

/** Lets one write through the half-open breaker for `leaseMs`; null while another one is under way. */
export function beginTrial(health: ProviderHealth, leaseMs: number): ProviderHealth | null {
  const isFree = health.breaker === 'half_open' && isDue(health);
  return isFree ? { ...health, nextTryInMs: leaseMs } : null;
}

/** Claims the next probe for `leaseMs`; null when it is not due. */
export function beginProbe(health: ProviderHealth, leaseMs: number): ProviderHealth | null {
  return isDue(health) ? { ...health, nextTryInMs: leaseMs } : null;
}

/** No probe, trial or wait is set for longer: whoever sees more sees a clock that was set back since. */
const NEXT_TRY_MS_MAX = 180_000;

function isDue({ nextTryInMs }: ProviderHealth): boolean {
  return nextTryInMs === null || nextTryInMs <= 0 || nextTryInMs > NEXT_TRY_MS_MAX;
}

/** A write was refused with 403. `afterOther`: this process saw a write end otherwise since its last 403. */
export function afterForbidden(
  health: ProviderHealth,
  { payment, afterOther }: { payment: string | null; afterOther: boolean },
): ProviderHealth {
  const forbidden = afterOther ? 1 : health.forbidden + 1;
  return {
    ...health,
    forbidden,
    forbiddenPayments: withPayment(afterOther ? [] : health.forbiddenPayments, payment),
  };
}

export function isForbidden({ forbidden, forbiddenPayments }: ProviderHealth): boolean {
  return forbidden >= FAILURES_TO_OPEN && forbiddenPayments.length >= PAYMENTS_TO_OPEN;
}

/** A 429 came, however often it did of late. */
export function afterTurnedAway(health: ProviderHealth): ProviderHealth {
  return { ...health, turnedAwayMsAgo: 0 };
}

/** A 429 came; `callsPerSecond` is what this process sent of late, for a rate that was not limited so far. */
export function afterTooMany(health: ProviderHealth, callsPerSecond: number): ProviderHealth | null {
  const isOneWave = health.rateChangedMsAgo !== null && isWithin(health.rateChangedMsAgo, RATE_WAVE_MS);
  if (isOneWave && health.callsPerSecond !== null) return null;
  const halved = (health.callsPerSecond ?? Math.max(callsPerSecond, RATE_BEFORE_FIRST_MIN)) / 2;
  return { ...health, callsPerSecond: Math.max(halved, RATE_MIN), rateChangedMsAgo: 0 };
}

/** The limited rate after a while without a 429; null when it is not time yet. */
export function growRate(health: ProviderHealth): ProviderHealth | null {
  const { callsPerSecond, rateChangedMsAgo } = health;
  if (callsPerSecond === null || isWithin(rateChangedMsAgo ?? 0, RATE_STEP_MS)) return null;
  const grown = callsPerSecond * RATE_GROWTH + 1;
  return { ...health, callsPerSecond: grown >= RATE_FORGOTTEN ? null : grown, rateChangedMsAgo: 0 };
}

/** What seems to lie ahead was long ago when the clock was set back since. */
function isWithin(msAgo: number, ms: number): boolean {
  return Math.abs(msAgo) < ms;
}

function opened(health: ProviderHealth, random: number): ProviderHealth {
  return openedFor(health, health.openings + 1, random);
}

function openedFor(health: ProviderHealth, openings: number, random: number): ProviderHealth {
  return { ...health, breaker: 'open', openings, nextTryInMs: backoffMs(openings, random) };
}

function withPayment(payments: readonly string[], payment: string | null): string[] {
  if (payment === null || payments.includes(payment) || payments.length >= PAYMENTS_TO_OPEN)
    return [...payments];
  return [...payments, payment];
}
