import type { Payment } from './payment.ts';
import type { PaymentStore } from './payment-store.ts';

type Shown = Pick<PaymentStore, 'find' | 'childrenOf' | 'inOrder'>;

/** The payments as reads and lists show them: as they are, but for those whose last write does not show yet. */
export interface LaggingView extends Shown {
  /** The same of payment attempts. */
  attempts: Shown;
  /** Runs a write; what it makes or changes shows only after `ms`. `id`: the payment it is about, if there is one. */
  holdBack<T>(id: string, ms: number, write: () => T): T;
  clear(): void;
}

interface Held {
  untilMs: number;
  /** As it was before the write; null: not there. */
  shown: Payment | null;
}

export function createLaggingView(
  store: PaymentStore,
  attempts: PaymentStore,
  now: () => number,
): LaggingView {
  /** In the order of the writes: the earliest that does not show yet hides the later ones too. */
  const held = new Map<string, Held[]>();
  const hold = (id: string, entry: Held) => held.set(id, [...(held.get(id) ?? []), entry]);
  const shownOf = (payment: Payment): Payment | null => {
    const entries = held.get(payment.id);
    if (entries === undefined) return payment;
    const hiding = entries.find(({ untilMs }) => untilMs > now());
    if (hiding !== undefined) return hiding.shown;
    held.delete(payment.id);
    return payment;
  };
  const show = (payments: readonly Payment[]): readonly Payment[] =>
    held.size === 0 ? payments : payments.map(shownOf).filter((payment) => payment !== null);
  const shown = (from: PaymentStore): Shown => ({
    find: (id) => {
      const payment = from.find(id);
      return payment && (shownOf(payment) ?? undefined);
    },
    childrenOf: (parentId) => show(from.childrenOf(parentId)),
    inOrder: (accountNumber) => show(from.inOrder(accountNumber)),
  });
  return {
    ...shown(store),
    attempts: shown(attempts),
    holdBack: (id, ms, write) => {
      const payment = store.find(id);
      const before = payment && { ...payment, enteredAtMs: { ...payment.enteredAtMs } };
      const counts = [store, attempts].map((kept) => [kept, kept.inOrder().length] as const);
      const result = write();
      const untilMs = now() + ms;
      if (before && payment && differs(before, payment)) hold(id, { untilMs, shown: before });
      for (const [kept, count] of counts)
        for (const { id: made } of kept.inOrder().slice(count)) hold(made, { untilMs, shown: null });
      return result;
    },
    clear: () => held.clear(),
  };
}

function differs(before: Payment, { status, documentationStatus }: Payment): boolean {
  return before.status !== status || before.documentationStatus !== documentationStatus;
}
