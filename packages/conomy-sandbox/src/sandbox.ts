import { type Access, type Credentials, createAccess } from './access.ts';
import { type AccountBook, createAccountBook } from './account-book.ts';
import type { SandboxAccount } from './default-accounts.ts';
import { createFaults, type Faults } from './faults.ts';
import { createFilledRows, type FilledRows } from './filled-rows.ts';
import { createLaggingView, type LaggingView } from './lagging-view.ts';
import type { Payment, PaymentStatus } from './payment.ts';
import { createPaymentStore, type PaymentStore } from './payment-store.ts';
import { createPaymentTimers } from './payment-timers.ts';
import { createPayments, type Payments } from './payments.ts';
import { changeSettings, type SandboxSettings, type SettingsChanges } from './settings.ts';
import { eventsOf } from './webhook-event.ts';
import type { RetrySchedule } from './webhook-retry.ts';
import { createWebhooks } from './webhooks.ts';
import { inZone } from './zone.ts';

/** Everything a sandbox is made from, defaults already filled in. */
export interface SandboxParts {
  credentials: Credentials;
  tokenLifetimeS: number;
  accounts: readonly SandboxAccount[];
  settings: SandboxSettings;
  webhookRetryDelayMs: RetrySchedule;
  webhookTimeoutMs: number;
  now: () => number;
}

/** What may be changed while it runs; what is left out stays. */
export interface SandboxChanges extends SettingsChanges {
  accounts?: readonly SandboxAccount[] | undefined;
}

/** The simulated provider without its HTTP surface; operations and control routes act on it. */
export interface Sandbox {
  access: Access;
  accounts: AccountBook;
  store: PaymentStore;
  /** The same, and payment attempts, as reads and lists show them. */
  view: LaggingView;
  /** Resolves when the deliveries under way have been answered. */
  deliveriesMade(): Promise<void>;
  /** Payment attempts; no list or read of payments finds them. */
  attempts: PaymentStore;
  /** Payments of others that no call has named yet. */
  filled: FilledRows;
  payments: Payments;
  faults: Faults;
  /** The provider's clock. */
  now: () => number;
  /** The system's clock. */
  trueNow: () => number;
  /** The provider's as every answer tells it. */
  date: () => string;
  settings(): SandboxSettings;
  /** New timers hold at once, also for payments that are waiting: their wait begins anew. */
  configure(changes: SandboxChanges): void;
  /** Payments, accounts and faults as at the start, no webhook pending; settings and tokens stay. */
  reset(): void;
  close(): Promise<void>;
}

export function createSandbox(parts: SandboxParts): Sandbox {
  let { settings } = parts;
  const now = () => parts.now() + settings.clock.aheadMs;
  const store = createPaymentStore();
  const attempts = createPaymentStore();
  const filled = createFilledRows();
  const view = createLaggingView(store, attempts, parts.now);
  const accounts = createAccountBook(parts.accounts);
  const faults = createFaults();
  const webhooks = createWebhooks({
    settings: () => settings.webhook,
    retryDelayMs: parts.webhookRetryDelayMs,
    timeoutMs: parts.webhookTimeoutMs,
  });
  const announce = (payment: Payment, from: PaymentStatus | null) => {
    const { url, form } = settings.webhook;
    if (url === '') return;
    for (const event of eventsOf(payment, from, form, now())) {
      webhooks.send(payment.id, inZone(event, settings.clock), faults.planDelivery());
    }
  };
  const payments = createPayments({
    store,
    attempts,
    accounts,
    now,
    trueNow: parts.now,
    reviewRules: () => settings.review,
    onEntered: (payment, from) => {
      paymentTimers.restart(payment);
      announce(payment, from);
    },
  });
  const paymentTimers = createPaymentTimers(() => settings, now, payments.move);
  return {
    access: createAccess(parts.credentials, parts.tokenLifetimeS, parts.now),
    accounts,
    store,
    view,
    deliveriesMade: () => webhooks.delivered(),
    attempts,
    filled,
    payments,
    faults,
    now,
    trueNow: parts.now,
    date: () => new Date(now()).toUTCString(),
    settings: () => settings,
    configure: (changes) => {
      settings = changeSettings(settings, changes);
      for (const account of changes.accounts ?? []) accounts.put(account);
      if (!changes.timers && !changes.payer) return;
      for (const payment of store.inOrder()) paymentTimers.restart(payment);
    },
    reset: () => {
      paymentTimers.clear();
      webhooks.drop();
      store.clear();
      view.clear();
      attempts.clear();
      filled.clear();
      accounts.reset();
      faults.replace({ seed: 0, rules: [] });
    },
    close: async () => {
      paymentTimers.clear();
      await webhooks.close();
    },
  };
}
