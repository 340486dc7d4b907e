import { createPostgresBackend, createRedisBackend, runMigrations, withBackend } from 'bullmq';
import { Redis } from 'ioredis';
import pg from 'pg';

export type QueueKind = 'redis' | 'postgres';

/** The BullMQ backend is picked by the scheme of the queue's URL. @throws {RangeError} for any other scheme. */
export function queueKindOf(url: string): QueueKind {
  if (/^rediss?:\/\//.test(url)) return 'redis';
  if (/^postgres(ql)?:\/\//.test(url)) return 'postgres';
  throw new RangeError('must start with redis://, rediss:// or postgres://');
}

/** What `Queue` and `Worker` need of a backend; BullMQ's own classes on either one satisfy it. */
export interface QueueBackend {
  kind: QueueKind;
  classes: ReturnType<typeof withBackend>;
  /** Connection options for putting jobs in: fail fast, never wait in line while the queue is down. */
  sending: object;
  /** Connection options for a worker: wait as long as it takes. */
  working: object;
  /** Rejects while the queue cannot be reached; afterwards its schema is current. */
  probe(): Promise<void>;
  /** Why jobs may vanish here without a word, and what to do; null when they may not. Rejects while it cannot be asked. */
  findHazard(): Promise<string | null>;
}

export function queueBackend(url: string): QueueBackend {
  return queueKindOf(url) === 'redis' ? redisBackend(url) : postgresBackend(url);
}

function redisBackend(url: string): QueueBackend {
  const retryStrategy = (tries: number) => Math.min(tries * 100, 1_000);
  return {
    kind: 'redis',
    classes: withBackend(createRedisBackend) as ReturnType<typeof withBackend>,
    sending: {
      url,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      connectTimeout: 2_000,
      retryStrategy,
    },
    working: { url, maxRetriesPerRequest: null, connectTimeout: 2_000, retryStrategy },
    probe: async () => {
      await askRedis(url, (redis) => redis.ping());
    },
    // `INFO` and not `CONFIG GET`, which hosted Redis as a rule forbids.
    findHazard: async () => describePolicy(await askRedis(url, (redis) => redis.info('memory'))),
  };
}

/** One question on a connection of its own. */
async function askRedis<T>(url: string, ask: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: 2_000, retryStrategy: () => null });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return await ask(redis);
  } finally {
    redis.disconnect();
  }
}

function describePolicy(info: string): string | null {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy === undefined || policy === 'noeviction') return null;
  return `Redis has maxmemory-policy ${policy}: when its memory is full it drops jobs. Set maxmemory-policy to noeviction.`;
}

/**
 * BullMQ 6.7 listens to no client that it has taken out of its pool, so a connection that broke under one of its queries would
 * end the process. What became of the query it is told anyway.
 */
class QueueClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    this.on('error', () => {});
  }
}

function postgresBackend(url: string): QueueBackend {
  const connection = {
    connectionString: url,
    max: 6,
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    Client: QueueClient,
  };
  return {
    kind: 'postgres',
    classes: withBackend(createPostgresBackend) as ReturnType<typeof withBackend>,
    sending: connection,
    working: connection,
    // A client newer than the schema is not refused by BullMQ 6.7, so its migrations run at every start.
    probe: async () => {
      const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 });
      client.on('error', () => {});
      try {
        await client.connect();
        await runMigrations(client as never);
      } finally {
        await client.end().catch(() => {});
      }
    },
    findHazard: async () => null,
  };
}
