import type { Payment, PaymentStatus } from './payment.ts';

/** How long the provider takes for each step of its own; null = never by itself. Milliseconds. */
export interface Timers {
  capturedToReceivedMs: number | null;
  receivedToSettledMs: number | null;
}

export const DEFAULT_TIMERS: Timers = { capturedToReceivedMs: 300, receivedToSettledMs: 300 };

const TIMED_STEPS: Partial<Record<PaymentStatus, { after: keyof Timers; to: PaymentStatus }>> = {
  CAPTURED: { after: 'capturedToReceivedMs', to: 'RECEIVED' },
  RECEIVED: { after: 'receivedToSettledMs', to: 'SETTLED' },
};

/** Plays the provider's own steps. A payment has at most one timer, set anew by each of its moves. */
export interface PaymentTimers {
  /** Call after every move of a payment: drops its timer and starts the one of its new status, if any. */
  restart(payment: Payment): void;
  clear(): void;
}

export function createPaymentTimers(
  timers: () => Timers,
  move: (payment: Payment, to: PaymentStatus) => void,
): PaymentTimers {
  const pending = new Map<string, () => void>();
  const cancel = (id: string) => {
    pending.get(id)?.();
    pending.delete(id);
  };
  return {
    restart: (payment) => {
      cancel(payment.id);
      const step = TIMED_STEPS[payment.status];
      const afterMs = step ? timers()[step.after] : null;
      if (!step || afterMs === null) return;
      const fire = () => {
        pending.delete(payment.id);
        move(payment, step.to);
      };
      pending.set(payment.id, schedule(fire, afterMs));
    },
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
