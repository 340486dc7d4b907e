import type { Payment } from './payment.ts';
import type { PaymentStore } from './payment-store.ts';

type Shown = Pick<PaymentStore, 'find' | 'childrenOf' | 'inOrder'>;

/** The payments as reads and lists show them: as they are, but for those whose last write does not show yet. */
export interface LaggingView extends Shown {
  /** The same of payment attempts. */
  attempts: Shown;
  /** Runs a write; what it makes or changes shows only after `ms`. `id`: the payment it is about, if there is one. */
  holdBack<T>(id: string, ms: number, write: () => T): T;
  /** Runs a write; reads show what it makes at once, lists only after `ms`. */
  listLate<T>(ms: number, write: () => T): T;
  /** Reads go on showing the payment, lists do so again after `ms`. */
  hideFromLists(id: string, ms: number): void;
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
  const unlistedUntilMs = new Map<string, number>();
  const hold = (id: string, entry: Held) => held.set(id, [...(held.get(id) ?? []), entry]);
  const shownOf = (payment: Payment): Payment | null => {
    const entries = held.get(payment.id);
    if (entries === undefined) return payment;
    const hiding = entries.find(({ untilMs }) => untilMs > now());
    if (hiding !== undefined) return hiding.shown;
    held.delete(payment.id);
    return payment;
  };
  const isListed = ({ id }: Payment): boolean => {
    const untilMs = unlistedUntilMs.get(id);
    if (untilMs === undefined) return true;
    if (untilMs > now()) return false;
    return unlistedUntilMs.delete(id);
  };
  const show = (payments: readonly Payment[]): readonly Payment[] => {
    const listed = unlistedUntilMs.size === 0 ? payments : payments.filter(isListed);
    return held.size === 0 ? listed : listed.map(shownOf).filter((payment) => payment !== null);
  };
  /** What `write` adds to the payments and attempts. */
  const madeBy = <T>(write: () => T): { result: T; made: Payment[] } => {
    const counts = [store, attempts].map((kept) => [kept, kept.inOrder().length] as const);
    const result = write();
    return { result, made: counts.flatMap(([kept, count]) => kept.inOrder().slice(count)) };
  };
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
      const { result, made } = madeBy(write);
      const untilMs = now() + ms;
      if (before && payment && differs(before, payment)) hold(id, { untilMs, shown: before });
      for (const { id } of made) hold(id, { untilMs, shown: null });
      return result;
    },
    listLate: (ms, write) => {
      const { result, made } = madeBy(write);
      for (const { id } of made) unlistedUntilMs.set(id, now() + ms);
      return result;
    },
    hideFromLists: (id, ms) => {
      unlistedUntilMs.set(id, now() + ms);
    },
    clear: () => {
      held.clear();
      unlistedUntilMs.clear();
    },
  };
}

function differs(before: Payment, { status, documentationStatus }: Payment): boolean {
  return before.status !== status || before.documentationStatus !== documentationStatus;
}
