import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate } from '@capstan/db/migrate';
import { createDatabase, dropDatabaseInUse } from './databases.ts';
import { type PostgresServer, startPostgres } from './embedded-postgres.ts';
import type { ProcessExit } from './guarded-process.ts';
import { type PrivateQueue, type QueueChoice, startQueue } from './private-queue.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import type { RunningPostgres, ServiceKind, Stack, StackOptions } from './stack.ts';
import { type StackSecrets, sandboxEnvironment, serviceEnvironment } from './stack-environment.ts';
import { type StopList, startTogether } from './start-together.ts';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const DATABASE = 'capstan';

const ENTRIES: Record<ServiceKind, string> = {
  api: 'services/api/src/main.ts',
  capturer: 'services/capturer/src/main.ts',
  reconciler: 'services/reconciler/src/main.ts',
  sandbox: 'packages/conomy-sandbox/src/main.ts',
};

/** What the steps of one start share. */
export interface Start {
  options: StackOptions;
  secrets: StackSecrets;
  /** Each step adds how to undo it. */
  stops: StopList;
  /** Aborted when another part failed or the caller gave up. */
  callOff: AbortController;
  progress: (step: string) => void;
}

export interface StackDatabase {
  /** Of the services' own database, with the current schema. */
  url: string;
  server: PostgresServer | RunningPostgres;
}

export async function startDatabase(start: Start): Promise<StackDatabase> {
  const { postgres: running } = start.options;
  const database = running ? await borrowDatabase(start, running) : await startOwnDatabase(start);
  const applied = await migrate(database.url);
  start.progress(`the database has the current schema (${applied.length} migrations applied)`);
  return database;
}

async function startOwnDatabase(start: Start): Promise<StackDatabase> {
  const { durability, postgresSettings } = start.options;
  const logFile = freshLogFile(start, 'postgres');
  const server = await startPostgres({
    ...(durability ? { durability } : {}),
    ...(postgresSettings ? { settings: postgresSettings } : {}),
    logFile,
    onUnexpectedExit: reportExit(start, 'postgres', logFile),
    signal: start.callOff.signal,
  });
  start.stops.add(() => server.stop());
  start.progress(`PostgreSQL runs on port ${server.port}`);
  return { url: await createDatabase(server.url, DATABASE), server };
}

async function borrowDatabase(start: Start, running: RunningPostgres): Promise<StackDatabase> {
  const name = `${DATABASE}_${randomBytes(6).toString('hex')}`;
  const url = await createDatabase(running.url, name, running.template);
  // Its services have stopped by then; what a killed one left behind may still hold a session.
  start.stops.add(() => dropDatabaseInUse(running.url, name));
  return { url, server: running };
}

/** Redis needs nothing else to start; PostgreSQL as queue waits for the database. */
export async function startStackQueue(
  start: Start,
  choice: QueueChoice,
  database: Promise<StackDatabase>,
): Promise<PrivateQueue> {
  const databaseUrl = choice.kind === 'postgres' ? (await database).url : '';
  const logFile = freshLogFile(start, 'redis');
  const onUnexpectedExit = reportExit(start, 'redis', logFile);
  const queue = await startQueue(choice, databaseUrl, {
    logFile,
    onUnexpectedExit,
    signal: start.callOff.signal,
  });
  start.stops.add(() => queue.stop());
  start.progress(
    choice.kind === 'redis' ? `Redis runs on ${new URL(queue.url).host}` : 'PostgreSQL is the queue',
  );
  return queue;
}

export async function startSandbox(start: Start): Promise<ServiceProcess> {
  const env = sandboxEnvironment(start.secrets, start.options.sandbox?.timers);
  const sandbox = await startProcess(start, 'sandbox', 'sandbox', env);
  start.stops.add(() => sandbox.stop());
  start.progress(`the Conomy sandbox runs at ${sandbox.url}`);
  return sandbox;
}

/** All copies of all services at the same time: each waits for what it needs. */
export async function startServices(
  start: Start,
  parts: { databaseUrl: string; queueUrl: string; sandboxUrl: string },
): Promise<Pick<Stack, 'apis' | 'capturers' | 'reconcilers'>> {
  const databaseEnv = await start.options.databaseEnv?.(parts.databaseUrl);
  const env = { ...serviceEnvironment(start.secrets, parts), ...databaseEnv };
  const { api = 1, capturers = 1, reconcilers = 1, apiPort } = start.options;
  const started: ServiceProcess[] = [];
  // One entry for all: they finish their work side by side, not one after the other.
  start.stops.add(() => Promise.all(started.map((service) => service.stop())));
  const startCopy = async (kind: ServiceKind, index: number) => {
    const port: Record<string, string> =
      kind === 'api' && index === 0 && apiPort ? { PORT: String(apiPort) } : {};
    const service = await startProcess(start, kind, `${kind}-${index + 1}`, { ...env, ...port });
    started.push(service);
    start.progress(`${service.name} runs at ${service.url}`);
    return service;
  };
  const startCopies = (kind: ServiceKind, count: number) =>
    Array.from({ length: count }, (_, index) => startCopy(kind, index));
  const all = await startTogether(
    [
      ...startCopies('api', api),
      ...startCopies('capturer', capturers),
      ...startCopies('reconciler', reconcilers),
    ],
    start.callOff,
  );
  return {
    apis: all.slice(0, api),
    capturers: all.slice(api, api + capturers),
    reconcilers: all.slice(api + capturers),
  };
}

function startProcess(start: Start, kind: ServiceKind, name: string, env: Record<string, string>) {
  const logFile = freshLogFile(start, name);
  return startService({
    name,
    entry: join(REPOSITORY, ENTRIES[kind]),
    env: { ...env, ...start.options.env?.[kind] },
    logFile,
    onUnexpectedExit: reportExit(start, name, logFile),
    signal: start.callOff.signal,
  });
}

/** Where a part logs; what an earlier stack left there is removed. */
function freshLogFile(start: Start, name: string): string {
  const logFile = resolve(start.options.logDir, `${name}.log`);
  rmSync(logFile, { force: true });
  return logFile;
}

function reportExit(start: Start, name: string, logFile: string) {
  return (exit: ProcessExit) => start.options.onUnexpectedExit?.({ name, exit, logFile });
}
