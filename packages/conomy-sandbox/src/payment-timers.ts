import { awaitsPayer, type Payment, type PaymentStatus } from './payment.ts';

/** The longest wait a Node timer can hold. */
export const WAIT_MS_MAX = 2 ** 31 - 1;

/** How long the provider takes for each step of its own; null = never by itself. Milliseconds. */
export interface Timers {
  capturedToReceivedMs: number | null;
  receivedToSettledMs: number | null;
}

export const DEFAULT_TIMERS: Timers = { capturedToReceivedMs: 300, receivedToSettledMs: 300 };

/** What the timers go by besides the payment itself. */
export interface TimerRules {
  timers: Timers;
  payer: 'automatic' | 'manual';
}

interface TimedStep {
  to: PaymentStatus;
  afterMs: number;
}

const EXPIRING: ReadonlySet<PaymentStatus> = new Set(['ATTEMPT', 'CREATED', 'AUTHORIZED']);

function nextStep(payment: Payment, { timers, payer }: TimerRules, nowMs: number): TimedStep | null {
  const { status, type, expiresAt } = payment;
  if (EXPIRING.has(status)) {
    if (expiresAt === undefined) return null;
    return { to: 'EXPIRED', afterMs: Math.max(0, Date.parse(expiresAt) - nowMs) };
  }
  if (status === 'RECEIVED' || (status === 'CAPTURED' && type === 'REFUND')) {
    return stepAfter('SETTLED', timers.receivedToSettledMs);
  }
  if (status !== 'CAPTURED' || (payer === 'manual' && awaitsPayer(payment))) return null;
  return stepAfter('RECEIVED', timers.capturedToReceivedMs);
}

function stepAfter(to: PaymentStatus, afterMs: number | null): TimedStep | null {
  return afterMs === null ? null : { to, afterMs };
}

/** Plays the provider's own steps. A payment has at most one timer, set anew by each of its moves. */
export interface PaymentTimers {
  /** Call for a new payment and after every move: drops its timer and starts the one of its status, if any. */
  restart(payment: Payment): void;
  clear(): void;
}

export function createPaymentTimers(
  rules: () => TimerRules,
  now: () => number,
  move: (payment: Payment, to: PaymentStatus) => void,
): PaymentTimers {
  const pending = new Map<string, () => void>();
  const cancel = (id: string) => {
    pending.get(id)?.();
    pending.delete(id);
  };
  const restart = (payment: Payment) => {
    cancel(payment.id);
    const step = nextStep(payment, rules(), now());
    if (!step) return;
    const fire = () => {
      pending.delete(payment.id);
      // An expiry may lie further off than one timer can hold: then it is only looked at again.
      if (step.afterMs > WAIT_MS_MAX) restart(payment);
      else move(payment, step.to);
    };
    pending.set(payment.id, schedule(fire, Math.min(step.afterMs, WAIT_MS_MAX)));
  };
  return {
    restart,
    clear: () => {
      for (const stop of pending.values()) stop();
      pending.clear();
    },
  };
}

/** Zero means at once, but after the answer of the call that caused it has been written. */
function schedule(fire: () => void, afterMs: number): () => void {
  if (afterMs === 0) {
    const immediate = setImmediate(fire);
    return () => clearImmediate(immediate);
  }
  const timeout = setTimeout(fire, afterMs);
  return () => clearTimeout(timeout);
}
