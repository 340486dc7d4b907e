import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findFreePort } from './free-port.ts';
import {
  type GuardedProcess,
  type ProcessExit,
  ProcessStartError,
  startGuardedProcess,
} from './guarded-process.ts';
import {
  findPostgresBinaries,
  type Identity,
  postgresEnvironment,
  postgresIdentity,
} from './postgres-binaries.ts';
import { createTemporaryDirectory, type TemporaryDirectory } from './temporary-directory.ts';

const START_TRIES_MAX = 5;
const READY_DEADLINE_MS = 30_000;

/**
 * `durable`: a commit survives a power cut, as in production. `fast`: for tests; a killed PostgreSQL still
 * loses nothing, a killed machine may lose all.
 */
export type Durability = 'durable' | 'fast';

export interface PostgresOptions {
  /** Default `durable`. */
  durability?: Durability;
  /** Default: any free port. */
  port?: number;
  /** Further server settings, such as `{ max_connections: '300' }`. */
  settings?: Record<string, string>;
  logFile?: string;
  /** Called when the server ends without having been asked to. */
  onUnexpectedExit?: (exit: ProcessExit) => void;
  signal?: AbortSignal;
}

/** A real PostgreSQL on loopback with a data directory of its own that is removed on stop. */
export interface PostgresServer {
  /** Of the database `postgres`, with the superuser's password. */
  readonly url: string;
  readonly port: number;
  /** Of the server now running; changes with `restart`. */
  readonly pid: number;
  /** Ends every session and removes the data. May be called again. */
  stop(): Promise<void>;
  /** Sends a signal expected to end the server (SIGKILL: as in a crash; SIGINT: fast shutdown). The data stays. */
  kill(signal: NodeJS.Signals): Promise<ProcessExit>;
  /** Stops the server if it runs and starts it again on the same port and data. */
  restart(): Promise<void>;
}

/** Starts PostgreSQL from npm's binaries or `PG_BIN`, as any user, root included. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const directory = createTemporaryDirectory('capstan-postgres-');
  try {
    return await startIn(directory, options);
  } catch (error) {
    await directory.remove();
    throw error;
  }
}

async function startIn(directory: TemporaryDirectory, options: PostgresOptions): Promise<PostgresServer> {
  const identity = postgresIdentity();
  const bin = findPostgresBinaries(identity, directory.path);
  const password = randomBytes(16).toString('hex');
  const dataDir = initializeData(bin, identity, directory.path, password);
  const launch = (port: number) => launchServer(bin, identity, dataDir, port, options);

  let { server, port } = await launchOnFreePort(launch, options.port);
  let stopped: Promise<void> | undefined;
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    port,
    get pid() {
      return server.pid;
    },
    stop: () => {
      stopped ??= server.stop().then(() => directory.remove());
      return stopped;
    },
    kill: (signal) => server.kill(signal),
    restart: async () => {
      await server.stop();
      server = await launchAgain(launch, port);
    },
  };
}

function initializeData(bin: string, identity: Identity, parent: string, password: string): string {
  const dataDir = join(parent, 'data');
  const passwordFile = join(parent, 'password');
  mkdirSync(dataDir);
  writeFileSync(passwordFile, password);
  for (const path of [dataDir, passwordFile]) {
    chmodSync(path, path === dataDir ? 0o700 : 0o600);
    if (identity.uid !== undefined && identity.gid !== undefined) chownSync(path, identity.uid, identity.gid);
  }
  const args = ['-D', dataDir, '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const run = spawnSync(join(bin, 'initdb'), [...args, '--encoding=UTF8', '--locale=C', '--no-sync'], {
    ...identity,
    cwd: '/',
    env: postgresEnvironment(),
    encoding: 'utf8',
  });
  rmSync(passwordFile);
  if (run.status !== 0) throw new Error(`initdb failed: ${run.error?.message ?? run.stderr.trim()}`);
  return dataDir;
}

async function launchServer(
  bin: string,
  identity: Identity,
  dataDir: string,
  port: number,
  options: PostgresOptions,
): Promise<GuardedProcess> {
  const settings = {
    port: String(port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    // Not synchronous_commit: without it a killed server forgets commits it has acknowledged.
    ...(options.durability === 'fast' ? { fsync: 'off', full_page_writes: 'off' } : {}),
    ...options.settings,
  };
  const server = await startGuardedProcess({
    name: 'postgres',
    command: join(bin, 'postgres'),
    args: ['-D', dataDir, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: postgresEnvironment(),
    // Fast shutdown: sessions are ended instead of waited for.
    stopSignal: 'SIGINT',
    ...identity,
    ...(options.logFile ? { logFile: options.logFile } : {}),
    ...(options.onUnexpectedExit ? { onUnexpectedExit: options.onUnexpectedExit } : {}),
  });
  try {
    await server.waitForLine(
      (line) => line.includes('ready to accept connections') || undefined,
      READY_DEADLINE_MS,
      options.signal,
    );
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

type Launch = (port: number) => Promise<GuardedProcess>;

/** Between finding a free port and using it another program may take it: then the next one is tried. */
async function launchOnFreePort(launch: Launch, wanted: number | undefined) {
  for (let tries = 1; ; tries++) {
    const port = wanted ?? (await findFreePort());
    try {
      return { server: await launch(port), port };
    } catch (error) {
      const mayTryAnother = wanted === undefined && tries < START_TRIES_MAX;
      if (!mayTryAnother || !says(error, 'could not bind')) throw error;
    }
  }
}

/** After a SIGKILL the server's own children need a moment to notice; until then the data is still in use. */
async function launchAgain(launch: Launch, port: number): Promise<GuardedProcess> {
  for (let tries = 1; ; tries++) {
    try {
      return await launch(port);
    } catch (error) {
      const inUse = says(error, 'is still in use') || says(error, 'could not bind');
      if (!inUse || tries === START_TRIES_MAX) throw error;
      await wait(tries * 100);
    }
  }
}

function says(error: unknown, text: string): boolean {
  return error instanceof ProcessStartError && error.message.includes(text);
}
