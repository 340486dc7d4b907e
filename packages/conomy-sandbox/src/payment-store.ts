import type { Payment } from './payment.ts';

/** All payments by id, and in order of creation both together and per top-level account number. */
export interface PaymentStore {
  add(payment: Payment): void;
  find(id: string): Payment | undefined;
  /** Oldest first; `createdAtMs` never falls along it. Do not change the array. */
  inOrder(accountNumber?: string): readonly Payment[];
  clear(): void;
}

export function createPaymentStore(): PaymentStore {
  const byId = new Map<string, Payment>();
  const byAccount = new Map<string, Payment[]>();
  let all: Payment[] = [];
  return {
    add: (payment) => {
      byId.set(payment.id, payment);
      all.push(payment);
      const ofAccount = byAccount.get(payment.accountNumber);
      if (ofAccount) ofAccount.push(payment);
      else byAccount.set(payment.accountNumber, [payment]);
    },
    find: (id) => byId.get(id),
    inOrder: (accountNumber) => (accountNumber === undefined ? all : (byAccount.get(accountNumber) ?? [])),
    clear: () => {
      byId.clear();
      byAccount.clear();
      all = [];
    },
  };
}
