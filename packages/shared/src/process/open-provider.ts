import { type ConomyConfig, conomyClientOf } from '../config/conomy-settings.ts';
import type { Pool } from '../db/pool.ts';
import { createProviderGate, type ProviderGate } from '../provider/gate/provider-gate.ts';
import type { PaymentProvider } from '../provider/payment-provider.ts';
import { createDriftLog, type DriftLog } from '../telemetry/drift-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Lifecycle } from './lifecycle.ts';

/** From the send window to the commit of the outcome; see the capturer's timings. */
const TRIAL_MARGIN_MS = 5_000;

/** The provider of a service that works for commands: its client, and the gate all such services share. */
export async function openProvider(
  config: ConomyConfig,
  connections: number,
  pool: Pool,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<{ provider: PaymentProvider; gate: ProviderGate; drift: DriftLog }> {
  const gate = createProviderGate({
    pool,
    log,
    random: Math.random,
    monotonicMs: () => performance.now(),
    trialMsMax: config.CONOMY_CALL_TIMEOUT_MS + TRIAL_MARGIN_MS,
  });
  const drift = createDriftLog(pool, log);
  lifecycle.onStop('drift log', () => drift.close());
  const provider = conomyClientOf(config, { pool, log, drift, traffic: gate }, connections);
  lifecycle.onStop('Conomy client', () => provider.close());
  lifecycle.onStop('provider gate', () => gate.close());
  await gate.open(() => provider.listPayments({}, { limit: 1, offset: 0 }));
  return { provider, gate, drift };
}
