import { type GuardedProcess, type ProcessExit, startGuardedProcess } from './guarded-process.ts';

const START_DEADLINE_MS = 30_000;
/** Longer than a service's own drain limit, which decides first. */
const STOP_DEADLINE_MS = 30_000;

export interface ServiceOptions {
  /** Such as `capturer-1`. */
  name: string;
  /** Path of its `main.ts`. */
  entry: string;
  /** Its whole environment besides `PATH`; `PORT` is kept on restart. */
  env: Record<string, string>;
  logFile?: string;
  /** Default 30 s. */
  startDeadlineMs?: number;
  /** Called when it ends after it had started, without `stop`, `kill` or `restart` having been called. */
  onUnexpectedExit?: (exit: ProcessExit) => void;
  signal?: AbortSignal;
}

/** One service as a real process. */
export interface ServiceProcess {
  readonly name: string;
  /** Where it serves health, metrics and, if any, its interface. The same after a restart. */
  readonly url: string;
  /** Of the process now running; changes with `restart`. */
  readonly pid: number;
  /** Of the process now running. */
  readonly exited: Promise<ProcessExit>;
  readonly logFile: string | undefined;
  /** The newest lines it logged, oldest first. */
  lastLines(): string[];
  /** Sends a signal expected to end it, such as SIGKILL. */
  kill(signal: NodeJS.Signals): Promise<ProcessExit>;
  /** SIGTERM, and SIGKILL when it takes too long. May be called again. */
  stop(): Promise<ProcessExit>;
  /** Stops it if it runs and starts it again with the same environment and port. */
  restart(): Promise<void>;
}

/**
 * Starts a service and resolves once it says `service.started`.
 * @throws {ProcessStartError} with its last lines when it ends first or is not ready in time.
 */
export async function startService(options: ServiceOptions): Promise<ServiceProcess> {
  let current = await launch(options, options.env);
  const { url } = current;
  // A restarted service is found where it was: webhooks and clients keep its address.
  const envOnRestart = { ...options.env, PORT: new URL(url).port };
  return {
    name: options.name,
    url,
    logFile: options.logFile,
    get pid() {
      return current.process.pid;
    },
    get exited() {
      return current.process.exited;
    },
    lastLines: () => current.process.lastLines(),
    kill: (signal) => current.process.kill(signal),
    stop: () => current.process.stop(STOP_DEADLINE_MS),
    restart: async () => {
      await current.process.stop(STOP_DEADLINE_MS);
      current = await launch(options, envOnRestart);
    },
  };
}

async function launch(options: ServiceOptions, env: Record<string, string>) {
  const service = await startGuardedProcess({
    name: options.name,
    command: process.execPath,
    args: ['--conditions=source', options.entry],
    env: { PATH: process.env.PATH ?? '', ...env },
    ...(options.logFile ? { logFile: options.logFile } : {}),
    ...(options.onUnexpectedExit ? { onUnexpectedExit: options.onUnexpectedExit } : {}),
  });
  try {
    const url = await waitUntilStarted(service, options);
    return { process: service, url };
  } catch (error) {
    await service.kill('SIGKILL');
    throw error;
  }
}

function waitUntilStarted(
  service: GuardedProcess,
  { startDeadlineMs, signal }: ServiceOptions,
): Promise<string> {
  return service.waitForLine(readStartedUrl, startDeadlineMs ?? START_DEADLINE_MS, signal);
}

function readStartedUrl(line: string): string | undefined {
  if (!line.includes('service.started')) return undefined;
  try {
    const { event, url } = JSON.parse(line) as { event?: unknown; url?: unknown };
    return event === 'service.started' && typeof url === 'string' ? url : undefined;
  } catch {
    return undefined;
  }
}
