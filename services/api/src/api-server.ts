import type { Announcer, Listener } from '@capstan/shared/db/announcements';
import type { Pool } from '@capstan/shared/db/pool';
import { guardAnswers } from '@capstan/shared/http/guard-answers';
import { databaseCheck, type HealthChecks, queueCheck } from '@capstan/shared/http/health-checks';
import { addHealthRoutes, addMetricsRoute } from '@capstan/shared/http/health-routes';
import type { SignatureForm } from '@capstan/shared/provider/conomy/signature';
import type { PaymentProvider } from '@capstan/shared/provider/payment-provider';
import { heldQueuesCheck } from '@capstan/shared/queue/held-queues';
import type { QueueSender } from '@capstan/shared/queue/sender';
import type { Logger } from '@capstan/shared/telemetry/logger';
import type { Registry } from '@capstan/shared/telemetry/metrics';
import { type FastifyInstance, fastify } from 'fastify';
import type { ApiKey } from './api-keys.ts';
import { type ApiMetrics, createApiMetrics } from './api-metrics.ts';
import { addAuthentication } from './authenticate.ts';
import type { BoardPasswords } from './basic-auth.ts';
import { createProductCheck } from './check-products-first.ts';
import { createCommandIntake } from './command-intake.ts';
import { addErrorResponses, answerFrameworkError } from './error-response.ts';
import type { Inbox } from './inbox/inbox.ts';
import { addRateLimit } from './limit-rate.ts';
import { createLongPoll } from './long-poll.ts';
import { createDiscovery } from './products.ts';
import { addQueueBoard } from './queue-board.ts';
import { addReferenceRoutes } from './reference/reference-routes.ts';
import { refuseDoubledHeaders } from './refuse-doubled-headers.ts';
import { addDiscrepancyRoutes } from './routes/discrepancies.ts';
import { addGetCommandRoutes } from './routes/get-command.ts';
import { addEventRoutes } from './routes/get-events.ts';
import { addGetPaymentRoutes } from './routes/get-payments.ts';
import { addGetProductsRoutes } from './routes/get-products.ts';
import { addPauseRoutes } from './routes/pauses.ts';
import { addCommandActionRoutes } from './routes/post-command-actions.ts';
import { addPostCommandRoutes } from './routes/post-commands.ts';
import { addPushEndpointRoutes } from './routes/push-endpoint.ts';
import { addWebhookRoute } from './routes/receive-conomy-webhook.ts';
import { addRefreshRoute } from './routes/refresh-payment.ts';
import { createDeliveryStore } from './store-delivery.ts';
import { acceptStrictJsonOnly } from './strict-body.ts';

/** The queues the api puts jobs into or shows on the board. */
export interface ApiQueues {
  commands: QueueSender<'commands'>;
  deliveries: QueueSender<'deliveries'>;
  reads: QueueSender<'reads'>;
}

export interface ApiDeps {
  pool: Pool;
  progress: Listener;
  announcer: Announcer;
  /** For reads that cannot wait; commands are carried out by the capturer alone. */
  provider: PaymentProvider;
  /** How long what the provider offers is taken for current; `check`: creates are checked against it. */
  products: { ttlMs: number; check: boolean };
  queues: ApiQueues;
  queueHazard: HealthChecks['queueHazard'];
  isStopping: HealthChecks['isStopping'];
  /** Null keeps the queue door shut. */
  inbox: Inbox | null;
  registry: Registry;
  log: Logger;
  apiKeys: readonly ApiKey[];
  /** Of one API key; 0 sets no limit. */
  requestsPerSecond: number;
  webhook: { secrets: readonly string[]; forms: ReadonlySet<SignatureForm> };
  /** Null: there is no queue board. */
  board: BoardPasswords | null;
  /** Board and metrics are served by the admin server, and not here. */
  hasAdminServer: boolean;
}

/** The whole HTTP interface, wired and not yet listening. Closing it ends long polls and waits for open requests. */
export async function createApiServer(deps: ApiDeps): Promise<FastifyInstance> {
  const { pool, progress, announcer, provider, queues, inbox, registry, log } = deps;
  const metrics = createApiMetrics(registry);
  const app = createServer(log, metrics);
  const longPoll = createLongPoll(app);
  const discovery = createDiscovery(provider, deps.products.ttlMs);
  const productCheck = deps.products.check ? createProductCheck(discovery, log) : null;
  const intake = createCommandIntake({ pool, commands: queues.commands, metrics, productCheck });

  addReferenceRoutes(app);
  const allQueues = [...Object.values(queues), ...(inbox ? [inbox] : [])];
  addHealthRoutes(app, {
    database: databaseCheck(pool),
    queue: queueCheck(allQueues),
    heldQueues: heldQueuesCheck(allQueues),
    queueHazard: deps.queueHazard,
    isStopping: deps.isStopping,
  });
  await app.register(
    async (v1) => {
      refuseDoubledHeaders(v1);
      acceptStrictJsonOnly(v1);
      addAuthentication(v1, deps.apiKeys);
      await addRateLimit(v1, deps.requestsPerSecond);
      addPostCommandRoutes(v1, intake);
      addPauseRoutes(v1, { pool, log });
      addGetCommandRoutes(v1, { pool, progress, longPoll });
      addGetProductsRoutes(v1, discovery);
      addGetPaymentRoutes(v1, { pool, progress, longPoll });
      addEventRoutes(v1, { pool, progress, longPoll });
      addPushEndpointRoutes(v1, { pool, log });
      const reading = {
        pool,
        provider,
        reads: queues.reads,
        progress: announcer,
        log,
        random: Math.random,
      };
      addCommandActionRoutes(v1, { ...reading, commands: queues.commands });
      addRefreshRoute(v1, reading);
      addDiscrepancyRoutes(v1, reading);
    },
    { prefix: '/v1' },
  );
  await app.register(async (webhooks) => {
    addWebhookRoute(webhooks, {
      store: createDeliveryStore(pool, queues.deliveries),
      metrics,
      ...deps.webhook,
    });
  });
  if (!deps.hasAdminServer) await addAdminRoutes(app, deps);
  if (inbox) app.addHook('onListen', async () => inbox.serve(intake));
  return app;
}

type AdminDeps = Pick<ApiDeps, 'queues' | 'inbox' | 'registry' | 'board'>;

/** What people and monitors look at, on a server of its own, so that it need not be reachable where the API is. */
export async function createAdminServer(deps: AdminDeps & Pick<ApiDeps, 'log'>): Promise<FastifyInstance> {
  const app = fastify(SERVER);
  guardAnswers(app);
  addErrorResponses(app, deps.log);
  await addAdminRoutes(app, deps);
  return app;
}

async function addAdminRoutes(
  app: FastifyInstance,
  { queues, inbox, registry, board }: AdminDeps,
): Promise<void> {
  addMetricsRoute(app, registry);
  if (board) await addQueueBoard(app, { passwords: board, queues: Object.values(queues), inbox });
}

/** A request that is not there by then is a caller who holds a connection open for nothing. */
const REQUEST_MS_MAX = 30_000;
/** A Conomy id may have 128 characters, each written as three. */
const PARAM_LENGTH_MAX = 400;

/** What comes in while it closes is answered in full: what stands behind the server stops after it. */
const SERVER = { frameworkErrors: answerFrameworkError, return503OnClosing: false };

function createServer(log: Logger, metrics: ApiMetrics): FastifyInstance {
  const app = fastify({
    ...SERVER,
    requestTimeout: REQUEST_MS_MAX,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
  });
  guardAnswers(app);
  addErrorResponses(app, log);
  app.addHook('onResponse', async (request, reply) => {
    const labels = {
      route: request.routeOptions.url ?? 'none',
      method: request.method,
      status: String(reply.statusCode),
    };
    metrics.requests.observe(labels, reply.elapsedTime / 1_000);
    const line = { event: 'request.finished', ...labels, durationMs: Math.round(reply.elapsedTime) };
    if (request.method === 'GET') log.debug(line, 'request finished');
    else log.info(line, 'request finished');
  });
  return app;
}
