import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ProcessExit } from './guarded-process.ts';
import { emptyPostgresQueue } from './postgres-queue.ts';
import { type RedisOptions, startRedis } from './private-redis.ts';

/** The engine that carries the jobs, and for Redis the program to start. */
export type QueueChoice = { kind: 'redis'; program: string } | { kind: 'postgres' };

/** The queue of one stack or test. */
export interface PrivateQueue {
  readonly kind: QueueChoice['kind'];
  /** For `QUEUE_URL`. */
  readonly url: string;
  /** Of the Redis server now running; PostgreSQL has none of its own here. */
  readonly pid?: number;
  /** Throws every job away, as losing the queue would. */
  flush(): Promise<void>;
  /** Redis only: ends the server as in a crash or an outage. The files stay. */
  kill?(signal: NodeJS.Signals): Promise<ProcessExit>;
  /** Redis only: starts it again on the same port and files. */
  restart?(): Promise<void>;
  stop(): Promise<void>;
}

/** The programs that speak Redis, in order of preference. */
const REDIS_PROGRAMS = ['redis-server', 'valkey-server'];

/**
 * `CAPSTAN_QUEUE` decides; without it Redis is taken when a Redis or Valkey server is on `PATH`, else
 * PostgreSQL.
 * @throws when the value is neither `redis` nor `postgres`, or Redis is asked for and not installed.
 */
export function chooseQueue(env: { CAPSTAN_QUEUE?: string; PATH?: string }): QueueChoice {
  const asked = env.CAPSTAN_QUEUE || undefined;
  if (asked !== undefined && asked !== 'redis' && asked !== 'postgres') {
    throw new Error(
      `CAPSTAN_QUEUE="${asked}" is not a queue: set it to "redis" or "postgres", or leave it unset`,
    );
  }
  if (asked === 'postgres') return { kind: 'postgres' };
  for (const name of REDIS_PROGRAMS) {
    const program = findProgram(name, env.PATH ?? '');
    if (program) return { kind: 'redis', program };
  }
  if (asked === undefined) return { kind: 'postgres' };
  throw new Error(
    'CAPSTAN_QUEUE="redis" needs redis-server or valkey-server on PATH: install the Debian package redis-server (or valkey-server), or set CAPSTAN_QUEUE=postgres',
  );
}

/** The full path of an executable file on `PATH`, undefined when there is none. */
export function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutableFile);
}

/** The queue that was chosen, for the deployment whose database this is. */
export async function startQueue(
  choice: QueueChoice,
  databaseUrl: string,
  options: RedisOptions = {},
): Promise<PrivateQueue> {
  return choice.kind === 'redis' ? startRedis(choice.program, options) : usePostgresAsQueue(databaseUrl);
}

/** The database itself as queue: BullMQ keeps its tables in a schema of their own beside ours. */
export function usePostgresAsQueue(databaseUrl: string): PrivateQueue {
  return {
    kind: 'postgres',
    url: databaseUrl,
    flush: () => emptyPostgresQueue(databaseUrl),
    stop: async () => {},
  };
}

function isExecutableFile(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
