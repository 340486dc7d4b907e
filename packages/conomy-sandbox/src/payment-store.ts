import type { Payment } from './payment.ts';

/** All payments by id, and in order of creation both together and per top-level account number. */
export interface PaymentStore {
  /** In its place by `createdAtMs`. */
  add(payment: Payment): void;
  find(id: string): Payment | undefined;
  /** The refunds of a payment, oldest first. Do not change the array. */
  childrenOf(parentId: string): readonly Payment[];
  /** Gives the payment to an account: from now on it is among that account's. */
  assign(payment: Payment, accountNumber: string): void;
  /** Oldest first; `createdAtMs` never falls along it. Do not change the array. */
  inOrder(accountNumber?: string): readonly Payment[];
  clear(): void;
}

export function createPaymentStore(): PaymentStore {
  const byId = new Map<string, Payment>();
  const byAccount = new Map<string, Payment[]>();
  const byParent = new Map<string, Payment[]>();
  let all: Payment[] = [];
  return {
    add: (payment) => {
      byId.set(payment.id, payment);
      insert(all, payment);
      addTo(byAccount, payment.accountNumber, payment);
      if (payment.parentPaymentId !== undefined) addTo(byParent, payment.parentPaymentId, payment);
    },
    find: (id) => byId.get(id),
    childrenOf: (parentId) => byParent.get(parentId) ?? [],
    assign: (payment, accountNumber) => {
      const before = byAccount.get(payment.accountNumber) ?? [];
      byAccount.set(
        payment.accountNumber,
        before.filter((other) => other !== payment),
      );
      payment.accountNumber = accountNumber;
      addTo(byAccount, accountNumber, payment);
    },
    inOrder: (accountNumber) => (accountNumber === undefined ? all : (byAccount.get(accountNumber) ?? [])),
    clear: () => {
      byId.clear();
      byAccount.clear();
      byParent.clear();
      all = [];
    },
  };
}

function addTo(index: Map<string, Payment[]>, key: string, payment: Payment): void {
  const found = index.get(key);
  if (found) insert(found, payment);
  else index.set(key, [payment]);
}

/** Behind all that are as old or older: nearly always at the end. */
function insert(inOrder: Payment[], payment: Payment): void {
  const at = inOrder.findLastIndex(({ createdAtMs }) => createdAtMs <= payment.createdAtMs);
  inOrder.splice(at + 1, 0, payment);
}
