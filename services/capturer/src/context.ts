import type { Announcer } from '@capstan/shared/db/announcements';
import type { Pool } from '@capstan/shared/db/pool';
import type { ProviderGate } from '@capstan/shared/provider/gate/provider-gate';
import type { PaymentProvider } from '@capstan/shared/provider/payment-provider';
import type { QueueSender } from '@capstan/shared/queue/sender';
import type { Logger } from '@capstan/shared/telemetry/logger';
import type { Readers } from './readers.ts';
import type { CapturerTimings } from './timings.ts';

/** What the capturer works with; wired once in `build-capturer.ts`. */
export interface CapturerContext {
  pool: Pool;
  provider: PaymentProvider;
  /** Says whether a call may begin now. */
  gate: ProviderGate;
  /** Takes what a command reads, so that it holds no slot of the writes. */
  readers: Readers;
  commands: QueueSender<'commands'>;
  reads: QueueSender<'reads'>;
  progress: Announcer;
  log: Logger;
  timings: CapturerTimings;
  /** Names this process, and no other one before or after it, in claims, attempts and reads. */
  worker: string;
  /** In [0, 1). */
  random: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicMs: () => number;
}
