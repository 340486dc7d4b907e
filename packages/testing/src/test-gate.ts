import type { Pool } from '@capstan/shared/db/pool';
import { createProviderGate, type ProviderGate } from '@capstan/shared/provider/gate/provider-gate';
import { createLogger } from '@capstan/shared/telemetry/logger';

/** A gate on a test's database, not open yet: until then it goes by the shared rows at every admission. */
export function createTestGate(pool: Pool): ProviderGate {
  return createProviderGate({
    pool,
    log: createLogger('gate-test', 'fatal'),
    random: () => 0.5,
    monotonicMs: () => performance.now(),
    trialMsMax: 3_000,
  });
}
