import { type Announcer, createAnnouncer, listenTo, PROGRESS } from '@capstan/shared/db/announcements';
import { openPool, type Pool } from '@capstan/shared/db/pool';
import type { PaymentProvider, ProviderResult } from '@capstan/shared/provider/payment-provider';
import type { Offer, QueueKey } from '@capstan/shared/queue/catalogue';
import type { QueueSender } from '@capstan/shared/queue/sender';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { Registry } from '@capstan/shared/telemetry/metrics';
import { createTestDatabase } from '@capstan/testing/test-database';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { parseApiKeys } from '../src/api-keys.ts';
import { type ApiDeps, createApiServer } from '../src/api-server.ts';

export const WEBHOOK_SECRET = 'webhook-secret-of-the-tests';
export const SECRETS = {
  all: 'secret-with-all-scopes',
  read: 'secret-that-only-reads',
  enqueue: 'secret-that-only-enqueues',
};

/** Takes offers like a queue that is up, or refuses them like one that is down. */
export interface RecordingSender<K extends QueueKey> extends QueueSender<K> {
  offers: Offer<K>[];
  isDown: boolean;
}

export function recordingSender<K extends QueueKey>(): RecordingSender<K> {
  const sender: RecordingSender<K> = {
    offers: [],
    isDown: false,
    offer: async (offers) => {
      if (!sender.isDown) sender.offers.push(...offers);
      return !sender.isDown;
    },
    isUp: async () => !sender.isDown,
    queue: () => null,
    close: async () => {},
  };
  return sender;
}

/** A provider that no call reaches; tests put in the calls they are about. */
export function providerWith(calls: Partial<PaymentProvider> = {}): PaymentProvider {
  const refused: ProviderResult<never> = {
    ok: false,
    failure: { stage: 'not_sent', reason: 'connect_refused' },
  };
  return new Proxy(calls as PaymentProvider, {
    get: (target, name) => Reflect.get(target, name) ?? (async () => refused),
  });
}

export interface ApiFixture {
  app: FastifyInstance;
  pool: Pool;
  databaseUrl: string;
  progress: Announcer;
  commands: RecordingSender<'commands'>;
  deliveries: RecordingSender<'deliveries'>;
  registry: Registry;
  /** One more api process on the same database. */
  another(): Promise<FastifyInstance>;
  countRows(): Promise<{ commands: number; payments: number; deliveries: number }>;
  close(): Promise<void>;
}

export async function openApi(overrides: Partial<ApiDeps> = {}): Promise<ApiFixture> {
  const database = await createTestDatabase();
  const log = createLogger('api-test', 'silent');
  const pool = openPool({ url: database.url, name: 'api-test', max: 10, log });
  const progress = listenTo(database.url, PROGRESS, log);
  const announcer = createAnnouncer(pool, PROGRESS, log);
  const commands = recordingSender<'commands'>();
  const deliveries = recordingSender<'deliveries'>();
  const registry = new Registry();
  const build = (ownRegistry: Registry) =>
    createApiServer({
      pool,
      progress,
      announcer,
      provider: providerWith(),
      products: { ttlMs: 600_000, check: false },
      queues: { commands, deliveries, reads: recordingSender<'reads'>() },
      queueHazard: async () => null,
      isStopping: () => false,
      inbox: null,
      registry: ownRegistry,
      log,
      requestsPerSecond: 0,
      apiKeys: parseApiKeys(
        `all:${SECRETS.all},reader:${SECRETS.read}:read,writer:${SECRETS.enqueue}:enqueue`,
      ),
      webhook: { secrets: [WEBHOOK_SECRET], forms: new Set(['body', 'header'] as const) },
      board: null,
      hasAdminServer: false,
      ...overrides,
    });
  const apps = [await build(registry)];
  return {
    app: apps[0] as FastifyInstance,
    pool,
    databaseUrl: database.url,
    progress: announcer,
    commands,
    deliveries,
    registry,
    another: async () => {
      const app = await build(new Registry());
      apps.push(app);
      return app;
    },
    countRows: async () => {
      const { rows } = await pool.query(
        `select (select count(*)::int from commands) as commands, (select count(*)::int from payments) as payments,
           (select count(*)::int from webhook_deliveries) as deliveries`,
      );
      return rows[0];
    },
    close: async () => {
      for (const app of apps) await app.close();
      await progress.close();
      await announcer.idle();
      await pool.end();
      await database.drop();
    },
  };
}

/** An account-to-account collection that follows every rule; tests state only what matters to them. */
export function collectBody(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const node = (identityId: string, accountNumber: string) => ({
    type: 'ACCOUNT',
    amount: '30000.00',
    currency: 'COP',
    identity: { identityId },
    account: { accountNumber },
  });
  return {
    externalId: 'order-1',
    type: 'COLLECT',
    product: 'COP:COP',
    identityId: 'merchant',
    accountNumber: '200',
    purchaseAmount: '30000.00',
    purchaseCurrency: 'COP',
    origins: [node('payer', '100')],
    destinations: [node('merchant', '200')],
    ...changes,
  };
}

export function createCommand(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { type: 'payment.create', payment: collectBody(changes), then: ['capture'] };
}

export function captureOf(payment: { id: string } | { externalId: string }): Record<string, unknown> {
  return { type: 'payment.capture', payment };
}

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted field by field.
  body: any;
}

export async function send(app: FastifyInstance, options: InjectOptions): Promise<Answer> {
  const { statusCode, headers, body } = await app.inject(options);
  const isJson = String(headers['content-type']).includes('json');
  return { status: statusCode, headers, body: isJson ? JSON.parse(body) : body };
}

/** `payload` is sent as it is when it is text or bytes. */
export function postCommand(
  app: FastifyInstance,
  payload: unknown,
  key: string | null,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return send(app, {
    method: 'POST',
    url: '/v1/commands',
    headers: {
      authorization: `Bearer ${SECRETS.all}`,
      'content-type': 'application/json',
      ...(key === null ? {} : { 'idempotency-key': key }),
      ...headers,
    },
    payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
  });
}

export function postBatch(app: FastifyInstance, body: unknown): Promise<Answer> {
  return send(app, {
    method: 'POST',
    url: '/v1/commands/batch',
    headers: { authorization: `Bearer ${SECRETS.all}`, 'content-type': 'application/json' },
    payload: JSON.stringify(body),
  });
}

export function get(app: FastifyInstance, url: string, secret: string = SECRETS.all): Promise<Answer> {
  return send(app, { method: 'GET', url, headers: { authorization: `Bearer ${secret}` } });
}
