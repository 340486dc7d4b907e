import type { Announcer } from '@capstan/shared/db/announcements';
import type { Pool } from '@capstan/shared/db/pool';
import type { ProviderGate } from '@capstan/shared/provider/gate/provider-gate';
import type { PaymentProvider } from '@capstan/shared/provider/payment-provider';
import type { QueueKey } from '@capstan/shared/queue/catalogue';
import type { RelaySender } from '@capstan/shared/queue/sender';
import type { DriftLog } from '@capstan/shared/telemetry/drift-log';
import type { Logger } from '@capstan/shared/telemetry/logger';

/** What the reconciler works with; wired once in `build-reconciler.ts`. */
export interface ReconcilerContext {
  pool: Pool;
  provider: PaymentProvider;
  /** Says whether the provider works at all. */
  gate: ProviderGate;
  senders: { [K in QueueKey]: RelaySender<K> };
  /** Told where a delivery leaves the documents. */
  drift: Pick<DriftLog, 'note'>;
  progress: Announcer;
  log: Logger;
  /** In [0, 1). */
  random: () => number;
}
