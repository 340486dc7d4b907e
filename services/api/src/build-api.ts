import { conomyClientOf } from '@capstan/shared/config/conomy-settings';
import { createAnnouncer, listenTo, PROGRESS } from '@capstan/shared/db/announcements';
import { prepareClose } from '@capstan/shared/http/close-in-order';
import { queueHazardCheck } from '@capstan/shared/http/health-checks';
import type { Lifecycle } from '@capstan/shared/process/lifecycle';
import { directUrlOf, openDatabase } from '@capstan/shared/process/open-database';
import { measureHeldQueues } from '@capstan/shared/queue/held-queues';
import { openSender } from '@capstan/shared/queue/sender';
import { createDriftLog } from '@capstan/shared/telemetry/drift-log';
import type { Logger } from '@capstan/shared/telemetry/logger';
import { createRegistry } from '@capstan/shared/telemetry/metrics';
import { type ApiQueues, createAdminServer, createApiServer } from './api-server.ts';
import type { BoardPasswords } from './basic-auth.ts';
import { type ApiConfig, drainDelayMsOf } from './config.ts';
import { openInbox } from './inbox/inbox.ts';

const CONNECTIONS_MAX = 10;
/** To the provider: reads for callers only, the writes are the capturer's. */
const PROVIDER_CONNECTIONS_MAX = 16;

/** Wires an api from its configuration and starts it; everything started is registered to be stopped. */
export async function buildApi(
  config: ApiConfig,
  log: Logger,
  lifecycle: Lifecycle,
): Promise<{ url: string }> {
  const drainDelayMs = drainDelayMsOf(config);
  const pool = await openDatabase(config, { name: 'api', connectionsMax: CONNECTIONS_MAX }, log, lifecycle);
  const progress = listenTo(directUrlOf(config), PROGRESS, log);
  lifecycle.onStop('progress listener', () => progress.close());
  const announcer = createAnnouncer(pool, PROGRESS, log);
  lifecycle.onStop('progress announcer', () => announcer.idle());
  const drift = createDriftLog(pool, log);
  lifecycle.onStop('drift log', () => drift.close());
  const provider = conomyClientOf(config, { pool, log, drift }, PROVIDER_CONNECTIONS_MAX);
  lifecycle.onStop('Conomy client', () => provider.close());
  const queues = openQueues(config, log, lifecycle);
  const inbox = config.INBOX === 'on' ? openInbox(config.QUEUE_URL, log) : null;
  if (inbox) lifecycle.onStop('queue door', () => inbox.close());
  const board = boardPasswords(config, log);
  const registry = createRegistry('api');
  measureHeldQueues(registry, [...Object.values(queues), ...(inbox ? [inbox] : [])]);
  if (config.ADMIN_PORT !== null)
    await startAdminServer(config, config.ADMIN_PORT, { queues, inbox, registry, log, board }, lifecycle);

  const api = await createApiServer({
    pool,
    progress,
    announcer,
    provider,
    products: { ttlMs: config.PRODUCTS_TTL_S * 1_000, check: config.CHECK_PRODUCTS === 'on' },
    queues,
    queueHazard: queueHazardCheck(config.QUEUE_URL, log),
    isStopping: lifecycle.isStopping,
    inbox,
    registry,
    log,
    apiKeys: config.API_KEYS,
    requestsPerSecond: config.RATE_LIMIT_PER_SECOND,
    webhook: { secrets: config.CONOMY_WEBHOOK_SECRETS, forms: new Set(config.CONOMY_WEBHOOK_FORMS) },
    board,
    hasAdminServer: config.ADMIN_PORT !== null,
  });
  lifecycle.onStop('http server', prepareClose(api, drainDelayMs));
  return { url: await api.listen({ host: config.HOST, port: config.PORT }) };
}

function openQueues(config: ApiConfig, log: Logger, lifecycle: Lifecycle): ApiQueues {
  const queues = {
    commands: openSender('commands', config.QUEUE_URL, log),
    deliveries: openSender('deliveries', config.QUEUE_URL, log),
    reads: openSender('reads', config.QUEUE_URL, log),
  };
  for (const [name, sender] of Object.entries(queues))
    lifecycle.onStop(`sender of ${name}`, () => sender.close());
  return queues;
}

function boardPasswords(config: ApiConfig, log: Logger): BoardPasswords | null {
  if (config.ADMIN_PASSWORD !== '') {
    return { admin: config.ADMIN_PASSWORD, viewer: config.VIEWER_PASSWORD || null };
  }
  log.warn({ event: 'board.off' }, 'ADMIN_PASSWORD is not set: /admin/queues is off');
  return null;
}

async function startAdminServer(
  config: ApiConfig,
  port: number,
  deps: Parameters<typeof createAdminServer>[0],
  lifecycle: Lifecycle,
): Promise<void> {
  const server = await createAdminServer(deps);
  lifecycle.onStop('admin server', prepareClose(server, 0));
  const url = await server.listen({ host: config.HOST, port });
  deps.log.info({ event: 'admin.started', url }, `the queue board and the metrics are at ${url}`);
}
