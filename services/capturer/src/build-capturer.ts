import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { createAnnouncer, PROGRESS } from '@capstan/shared/db/announcements';
import { databaseCheck, queueCheck, queueHazardCheck } from '@capstan/shared/http/health-checks';
import { type HealthServer, startHealthServer } from '@capstan/shared/http/health-server';
import type { Lifecycle } from '@capstan/shared/process/lifecycle';
import { openDatabase } from '@capstan/shared/process/open-database';
import { openProvider } from '@capstan/shared/process/open-provider';
import { runEvery } from '@capstan/shared/process/run-every';
import { heldQueuesCheck, measureHeldQueues } from '@capstan/shared/queue/held-queues';
import { openSender } from '@capstan/shared/queue/sender';
import { openWorker } from '@capstan/shared/queue/worker';
import type { Logger } from '@capstan/shared/telemetry/logger';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import { measureUnfinishedCommands } from '@capstan/shared/telemetry/unfinished-work';
import type { CapturerConfig } from './config.ts';
import type { CapturerContext } from './context.ts';
import { endPastDeadline } from './end-past-deadline.ts';
import { executeCommand } from './execute-command.ts';
import { createReaders } from './readers.ts';
import { capturerTimings } from './timings.ts';
import { tryCommand } from './try-command.ts';

/** How often commands past their notAfter instant are looked for: they end within 2 s of it. */
const DEADLINES_EVERY_MS = 500;

/** Wires a capturer from its configuration and starts it; everything started is registered to be stopped. */
export async function buildCapturer(
  config: CapturerConfig,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<{ url: string }> {
  const concurrency = config.CAPTURER_CONCURRENCY;
  const connectionsMax = Math.min(concurrency + 2, 20);
  const pool = await openDatabase(config, { name: 'capturer', connectionsMax }, log, lifecycle);
  // Stopped among the last: whoever asks while the work under way is finished hears that it stops.
  let health: HealthServer | undefined;
  lifecycle.onStop('health server', () => health?.close());
  // As many read at once as write, and neither waits for a connection of the other.
  const { provider, gate } = await openProvider(config, 2 * concurrency, pool, log, lifecycle);
  const commands = openSender('commands', config.QUEUE_URL, log);
  lifecycle.onStop('command sender', () => commands.close());
  const reads = openSender('reads', config.QUEUE_URL, log);
  lifecycle.onStop('read sender', () => reads.close());

  const readers = createReaders(concurrency, { pool, log });
  lifecycle.onStop('readers', () => readers.close());

  const context: CapturerContext = {
    pool,
    provider,
    gate,
    readers,
    commands,
    reads,
    progress: createAnnouncer(pool, PROGRESS, log),
    log,
    timings: capturerTimings({
      sendWindowMs: config.SEND_WINDOW_MS,
      callMsMax: config.CONOMY_CALL_TIMEOUT_MS,
      absenceReadsMin: config.ABSENCE_READS,
      absenceSpanMs: config.ABSENCE_SPAN_MS,
      scanRowsMax: config.SCAN_ROWS_MAX,
      unknownMsMax: config.UNKNOWN_MS_MAX,
      refundUnreadableMs: config.REFUND_UNREADABLE_MS,
    }),
    // A process that is started again has another name: its clock is another one.
    worker: `${hostname()}-${randomUUID().slice(0, 8)}-${process.pid}`,
    random: Math.random,
    monotonicMs: () => performance.now(),
  };
  const worker = openWorker({
    key: 'commands',
    queueUrl: config.QUEUE_URL,
    concurrency,
    log,
    work: ({ commandId: id }) => tryCommand(context, id, () => executeCommand(context, id)),
  });
  lifecycle.onStop('command worker', () => worker.close());
  const deadlines = runEvery('deadlines', DEADLINES_EVERY_MS, () => endPastDeadline(context), log);
  lifecycle.onStop('deadlines', () => deadlines.stop());

  const checks = {
    database: databaseCheck(pool),
    queue: queueCheck([worker, commands, reads]),
    heldQueues: heldQueuesCheck([commands, reads]),
    queueHazard: queueHazardCheck(config.QUEUE_URL, log),
    isStopping: lifecycle.isStopping,
  };
  const registry = createRegistry('capturer');
  measureUnfinishedCommands(registry, pool, log);
  measureHeldQueues(registry, [commands, reads]);
  health = await startHealthServer({ host: config.HOST, port: config.PORT, checks, registry, log });
  return { url: health.url };
}
