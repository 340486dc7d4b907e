import { randomUUID } from 'node:crypto';
import { createProgressAnnouncer } from '@capstan/shared/db/progress';
import { databaseCheck, queueCheck, queueHazardCheck } from '@capstan/shared/http/health-checks';
import { startHealthServer } from '@capstan/shared/http/health-server';
import type { Lifecycle } from '@capstan/shared/process/lifecycle';
import { openDatabase } from '@capstan/shared/process/open-database';
import { openProvider } from '@capstan/shared/process/open-provider';
import { openSender } from '@capstan/shared/queue/sender';
import { openWorker } from '@capstan/shared/queue/worker';
import type { Logger } from '@capstan/shared/telemetry/logger';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import { measureOpenDiscrepancies } from '@capstan/shared/telemetry/unfinished-work';
import { applyDelivery } from './apply-delivery.ts';
import { compareDueDay } from './comparison/compare-due-day.ts';
import type { ReconcilerConfig } from './config.ts';
import type { ReconcilerContext } from './context.ts';
import { noticeOverdue } from './notice-overdue.ts';
import { readPayment } from './read-payment.ts';
import { relayJobs } from './relay-jobs.ts';
import { runEvery } from './run-every.ts';

/** How often a day that is over is looked for. */
const COMPARE_EVERY_MS = 10 * 60_000;
const OVERDUE_EVERY_MS = 30_000;

/** Wires a reconciler from its configuration and starts it; everything started is registered to be stopped. */
export async function buildReconciler(
  config: ReconcilerConfig,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<{ url: string }> {
  const concurrency = config.RECONCILER_CONCURRENCY;
  const queueUrl = config.QUEUE_URL;
  const connectionsMax = Math.min(2 * concurrency + 2, 20);
  const pool = await openDatabase(config, { name: 'reconciler', connectionsMax }, log, lifecycle);
  const { provider, gate } = await openProvider(config, concurrency, pool, log, lifecycle);
  const senders = {
    commands: openSender('commands', queueUrl, log),
    deliveries: openSender('deliveries', queueUrl, log),
    reads: openSender('reads', queueUrl, log),
  };
  for (const [kind, sender] of Object.entries(senders))
    lifecycle.onStop(`${kind} sender`, () => sender.close());

  const progress = createProgressAnnouncer(pool, log);
  const context: ReconcilerContext = { pool, provider, gate, senders, progress, log, random: Math.random };
  const deliveries = openWorker({
    key: 'deliveries',
    queueUrl,
    concurrency,
    log,
    work: ({ deliveryId, timesReceived }) => applyDelivery(context, deliveryId, timesReceived),
  });
  lifecycle.onStop('delivery worker', () => deliveries.close());
  const reads = openWorker({
    key: 'reads',
    queueUrl,
    concurrency,
    log,
    work: (job) => readPayment(context, job),
  });
  lifecycle.onStop('read worker', () => reads.close());
  const relay = runEvery('relay', config.RELAY_INTERVAL_MS, () => relayJobs(context), log);
  lifecycle.onStop('relay', () => relay.stop());
  const overdue = runEvery('overdue', OVERDUE_EVERY_MS, () => noticeOverdue(context), log);
  lifecycle.onStop('overdue payments', () => overdue.stop());
  if (config.COMPARE_DAYS === 'on') {
    const worker = `reconciler-${randomUUID()}`;
    const comparison = runEvery('comparison', COMPARE_EVERY_MS, () => compareDueDay(context, worker), log);
    lifecycle.onStop('comparison', () => comparison.stop());
  }

  const checks = {
    database: databaseCheck(pool),
    queue: queueCheck([deliveries, reads, ...Object.values(senders)]),
    queueHazard: queueHazardCheck(queueUrl, log),
  };
  const registry = createRegistry('reconciler');
  measureOpenDiscrepancies(registry, pool, log);
  const health = await startHealthServer({ host: config.HOST, port: config.PORT, checks, registry, log });
  lifecycle.onStop('health server', () => health.close());
  return { url: health.url };
}
