import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { findFreePort } from './free-port.ts';
import {
  type GuardedProcess,
  type ProcessExit,
  ProcessStartError,
  startGuardedProcess,
} from './guarded-process.ts';
import type { PrivateQueue } from './private-queue.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

const START_TRIES_MAX = 5;
const READY_DEADLINE_MS = 10_000;

export interface RedisOptions {
  logFile?: string;
  /** Called when the server ends without having been asked to. */
  onUnexpectedExit?: (exit: ProcessExit) => void;
  signal?: AbortSignal;
}

/** A Redis or Valkey server of our own on loopback, set up as in production, whose files go on stop. */
export async function startRedis(
  program: string,
  options: RedisOptions = {},
): Promise<Required<PrivateQueue>> {
  const directory = createTemporaryDirectory('capstan-redis-');
  try {
    return await startIn(directory, program, options);
  } catch (error) {
    await directory.remove();
    throw error;
  }
}

async function startIn(directory: TemporaryDirectory, program: string, options: RedisOptions) {
  const password = randomBytes(16).toString('hex');
  const launch = (port: number) => launchServer(program, directory.path, port, password, options);
  let { server, port } = await launchOnFreePort(launch);
  const url = `redis://:${password}@127.0.0.1:${port}`;
  let stopped: Promise<void> | undefined;
  return {
    kind: 'redis' as const,
    url,
    get pid() {
      return server.pid;
    },
    flush: () => flushRedis(url),
    kill: (signal: NodeJS.Signals) => server.kill(signal),
    restart: async () => {
      await server.stop();
      server = await launch(port);
    },
    stop: () => {
      stopped ??= server.stop().then(() => directory.remove());
      return stopped;
    },
  };
}

async function launchServer(
  program: string,
  directory: string,
  port: number,
  password: string,
  options: RedisOptions,
): Promise<GuardedProcess> {
  const server = await startGuardedProcess({
    name: 'redis',
    command: program,
    // Settings come by standard input: arguments, the password among them, would show in the process list.
    args: ['-'],
    input: settings(directory, port, password),
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C' },
    ...(options.logFile ? { logFile: options.logFile } : {}),
    ...(options.onUnexpectedExit ? { onUnexpectedExit: options.onUnexpectedExit } : {}),
  });
  try {
    await server.waitForLine(
      (line) => line.includes('Ready to accept connections') || undefined,
      READY_DEADLINE_MS,
      options.signal,
    );
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** Eviction would lose jobs; `hz 100` makes delayed jobs about 7 ms late instead of 54 ms. */
function settings(directory: string, port: number, password: string): string {
  return [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(directory)}`,
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'maxmemory-policy noeviction',
    'hz 100',
    'daemonize no',
    'logfile ""',
    '',
  ].join('\n');
}

/** Redis cannot pick a port itself, and the one found free may be taken before Redis binds it. */
async function launchOnFreePort(launch: (port: number) => Promise<GuardedProcess>) {
  for (let tries = 1; ; tries++) {
    const port = await findFreePort();
    try {
      return { server: await launch(port), port };
    } catch (error) {
      const taken = error instanceof ProcessStartError && /in use|Failed listening/.test(error.message);
      if (!taken || tries === START_TRIES_MAX) throw error;
    }
  }
}

async function flushRedis(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null });
  try {
    await redis.connect();
    await redis.flushall();
  } finally {
    redis.disconnect();
  }
}
