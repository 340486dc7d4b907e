import { randomUUID } from 'node:crypto';
import { ConfigError } from '@capstan/shared/config/parse-env';
import { ANY_KEY, createAnnouncer, listenTo, PROGRESS } from '@capstan/shared/db/announcements';
import { countDeliveryTry } from '@capstan/shared/db/deliveries';
import { countReadFault } from '@capstan/shared/db/payments';
import { configureEndpoint } from '@capstan/shared/db/pushes';
import { databaseCheck, queueCheck, queueHazardCheck } from '@capstan/shared/http/health-checks';
import { type HealthServer, startHealthServer } from '@capstan/shared/http/health-server';
import type { Lifecycle } from '@capstan/shared/process/lifecycle';
import { directUrlOf, openDatabase } from '@capstan/shared/process/open-database';
import { openProvider } from '@capstan/shared/process/open-provider';
import { runEvery } from '@capstan/shared/process/run-every';
import { countTries } from '@capstan/shared/queue/count-tries';
import { heldQueuesCheck, measureHeldQueues } from '@capstan/shared/queue/held-queues';
import { openSender } from '@capstan/shared/queue/sender';
import { openWorker } from '@capstan/shared/queue/worker';
import type { Logger } from '@capstan/shared/telemetry/logger';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import {
  measureAnnouncedMoves,
  measureDrift,
  measureOpenDiscrepancies,
  measurePendingPushes,
  measureSetAside,
} from '@capstan/shared/telemetry/unfinished-work';
import { applyDelivery } from './apply-delivery.ts';
import { compareDueDay } from './comparison/compare-due-day.ts';
import type { ReconcilerConfig } from './config.ts';
import type { ReconcilerContext } from './context.ts';
import { noticeOverdue } from './notice-overdue.ts';
import { noticeTurnedAway } from './notice-turned-away.ts';
import { pushEvents } from './push/push-events.ts';
import { createReceiver } from './push/receiver.ts';
import { readPayment } from './read-payment.ts';
import { relayJobs } from './relay-jobs.ts';
import { watchTwins } from './watch-twins.ts';

/** How often a day that is over is looked for. */
const COMPARE_EVERY_MS = 10 * 60_000;
const TWINS_EVERY_MS = 600_000;
const OVERDUE_EVERY_MS = 30_000;
/** A lost announcement costs at most this much. */
const PUSH_EVERY_MS = 1_000;
/** From the claim of a push to the commit of what became of it, beside the call. */
const PUSH_MARGIN_MS = 15_000;

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
  // Stopped among the last: whoever asks while the work under way is finished hears that it stops.
  let health: HealthServer | undefined;
  lifecycle.onStop('health server', () => health?.close());
  const { provider, gate, drift } = await openProvider(config, concurrency, pool, log, lifecycle);
  const senders = {
    commands: openSender('commands', queueUrl, log),
    deliveries: openSender('deliveries', queueUrl, log),
    reads: openSender('reads', queueUrl, log),
  };
  for (const [kind, sender] of Object.entries(senders))
    lifecycle.onStop(`${kind} sender`, () => sender.close());

  const progress = createAnnouncer(pool, PROGRESS, log);
  const context: ReconcilerContext = {
    pool,
    provider,
    gate,
    senders,
    drift,
    progress,
    log,
    random: Math.random,
  };
  const deliveries = openWorker({
    key: 'deliveries',
    queueUrl,
    concurrency,
    log,
    work: ({ deliveryId: id, timesReceived }) =>
      countTries(
        log,
        { kind: 'delivery', id },
        () => applyDelivery(context, id, timesReceived),
        (failure) => countDeliveryTry(pool, id, failure),
      ),
  });
  lifecycle.onStop('delivery worker', () => deliveries.close());
  const reads = openWorker({
    key: 'reads',
    queueUrl,
    concurrency,
    log,
    work: (job) =>
      countTries(
        log,
        { kind: 'read', id: job.paymentKey },
        () => readPayment(context, job),
        () => countReadFault(pool, job.paymentKey),
      ),
  });
  lifecycle.onStop('read worker', () => reads.close());
  const relay = runEvery('relay', config.RELAY_INTERVAL_MS, () => relayJobs(context), log);
  lifecycle.onStop('relay', () => relay.stop());
  const overdue = runEvery('overdue', OVERDUE_EVERY_MS, () => noticeOverdue(context), log);
  lifecycle.onStop('overdue payments', () => overdue.stop());
  const turnedAway = runEvery('turned away', OVERDUE_EVERY_MS, () => noticeTurnedAway(context), log);
  lifecycle.onStop('commands turned away', () => turnedAway.stop());
  const twins = runEvery('twins', TWINS_EVERY_MS, () => watchTwins(context), log);
  lifecycle.onStop('twins', () => twins.stop());
  if (config.COMPARE_DAYS === 'on') startComparison(context, lifecycle);
  if (config.UPSTREAM_URL !== '') await startPushes(config, config.UPSTREAM_URL, context, lifecycle);

  const checks = {
    database: databaseCheck(pool),
    queue: queueCheck([deliveries, reads, ...Object.values(senders)]),
    heldQueues: heldQueuesCheck(Object.values(senders)),
    queueHazard: queueHazardCheck(queueUrl, log),
    isStopping: lifecycle.isStopping,
  };
  const registry = createRegistry('reconciler');
  for (const measure of [
    measureOpenDiscrepancies,
    measurePendingPushes,
    measureSetAside,
    measureAnnouncedMoves,
    measureDrift,
  ])
    measure(registry, pool, log);
  measureHeldQueues(registry, Object.values(senders));
  health = await startHealthServer({ host: config.HOST, port: config.PORT, checks, registry, log });
  return { url: health.url };
}

/** Compares days that are over; one under way is left to others when the process stops. */
function startComparison(context: ReconcilerContext, lifecycle: Lifecycle): void {
  const worker = `reconciler-${randomUUID()}`;
  const stopping = new AbortController();
  const compare = () => compareDueDay(context, worker, stopping.signal);
  const comparison = runEvery('comparison', COMPARE_EVERY_MS, compare, context.log);
  lifecycle.onStop('comparison', async () => {
    stopping.abort();
    await comparison.stop();
  });
}

/** Tells upstream what happened, as it happens. */
async function startPushes(
  config: ReconcilerConfig,
  url: string,
  { pool, log, random }: ReconcilerContext,
  lifecycle: Lifecycle,
): Promise<void> {
  const { UPSTREAM_SECRETS: secrets, UPSTREAM_TIMEOUT_MS: timeoutMs } = config;
  if (secrets.length === 0)
    throw new ConfigError(['UPSTREAM_SECRETS: is not set, and events are to be pushed to UPSTREAM_URL']);
  await configureEndpoint(pool, url);
  const allowPrivateAddresses = config.UPSTREAM_PRIVATE_ADDRESSES === 'on';
  const receiver = createReceiver({ url, secrets, allowPrivateAddresses, timeoutMs });
  lifecycle.onStop('receiver of pushes', () => receiver.close());
  const progress = listenTo(directUrlOf(config), PROGRESS, log);
  lifecycle.onStop('progress listener', () => progress.close());
  const stopping = new AbortController();
  const context = { pool, receiver, log, random, leaseMs: timeoutMs + PUSH_MARGIN_MS };
  const push = async () => {
    // It listens before it looks, so that what happens in between is not missed.
    const announced = progress.next(ANY_KEY, PUSH_EVERY_MS, stopping.signal);
    if (!(await pushEvents(context))) await announced;
    return false;
  };
  const pushes = runEvery('pushes', 0, push, log);
  lifecycle.onStop('pushes', async () => {
    stopping.abort();
    await pushes.stop();
  });
}
