import { type Access, type Credentials, createAccess } from './access.ts';
import { type AccountBook, createAccountBook } from './account-book.ts';
import type { SandboxAccount } from './default-accounts.ts';
import { createFaults, type Faults } from './faults.ts';
import type { Payment } from './payment.ts';
import { createPaymentStore, type PaymentStore } from './payment-store.ts';
import { createPaymentTimers, type Timers } from './payment-timers.ts';
import { createPayments, type Payments } from './payments.ts';
import { eventOf } from './webhook-event.ts';
import type { RetrySchedule } from './webhook-retry.ts';
import { createWebhooks, type WebhookSettings } from './webhooks.ts';

/** Everything a sandbox is made from, defaults already filled in. */
export interface SandboxParts {
  credentials: Credentials;
  tokenLifetimeS: number;
  accounts: readonly SandboxAccount[];
  timers: Timers;
  webhook: WebhookSettings;
  webhookRetryDelayMs: RetrySchedule;
  webhookTimeoutMs: number;
  now: () => number;
}

/** What may be changed while it runs; what is left out stays. */
export interface SandboxChanges {
  timers?: Partial<Timers> | undefined;
  webhook?: Partial<WebhookSettings> | undefined;
  accounts?: readonly SandboxAccount[] | undefined;
}

/** The simulated provider without its HTTP surface; operations and control routes act on it. */
export interface Sandbox {
  access: Access;
  accounts: AccountBook;
  store: PaymentStore;
  payments: Payments;
  faults: Faults;
  now: () => number;
  settings(): { timers: Timers; webhook: WebhookSettings };
  /** New timers hold at once, also for payments that are waiting: their wait begins anew. */
  configure(changes: SandboxChanges): void;
  /** Payments, accounts and faults as at the start, no webhook pending; settings and tokens stay. */
  reset(): void;
  close(): Promise<void>;
}

export function createSandbox(parts: SandboxParts): Sandbox {
  let { timers, webhook } = parts;
  const store = createPaymentStore();
  const accounts = createAccountBook(parts.accounts);
  const faults = createFaults();
  const webhooks = createWebhooks({
    settings: () => webhook,
    retryDelayMs: parts.webhookRetryDelayMs,
    timeoutMs: parts.webhookTimeoutMs,
  });
  const announce = (payment: Payment) => {
    const event = webhook.url === '' ? null : eventOf(payment);
    if (event) webhooks.send(event, faults.deliveriesAfterMs());
  };
  const payments = createPayments(store, accounts, parts.now, (payment) => {
    paymentTimers.restart(payment);
    announce(payment);
  });
  const paymentTimers = createPaymentTimers(() => timers, payments.move);
  return {
    access: createAccess(parts.credentials, parts.tokenLifetimeS, parts.now),
    accounts,
    store,
    payments,
    faults,
    now: parts.now,
    settings: () => ({ timers, webhook }),
    configure: (changes) => {
      webhook = { ...webhook, ...changes.webhook };
      for (const account of changes.accounts ?? []) accounts.put(account);
      if (!changes.timers) return;
      timers = { ...timers, ...changes.timers };
      for (const payment of store.inOrder()) paymentTimers.restart(payment);
    },
    reset: () => {
      paymentTimers.clear();
      webhooks.drop();
      store.clear();
      accounts.reset();
      faults.replace({ seed: 0, rules: [] });
    },
    close: async () => {
      paymentTimers.clear();
      await webhooks.close();
    },
  };
}
