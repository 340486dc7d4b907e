import type { Durability, PostgresServer } from './embedded-postgres.ts';
import type { ProcessExit } from './guarded-process.ts';
import type { PrivateQueue, QueueChoice } from './private-queue.ts';
import type { ServiceProcess } from './service-process.ts';
import type { SandboxTimers } from './stack-environment.ts';

export type ServiceKind = 'api' | 'capturer' | 'reconciler' | 'sandbox';

/** A PostgreSQL that is already running; the stack makes a database in it and drops it on stop. */
export interface RunningPostgres {
  url: string;
  pid: number;
  /** The database to copy; default: an empty one. */
  template?: string;
}

export interface StackOptions {
  /** Copies of each service; default 1. */
  api?: number;
  capturers?: number;
  reconcilers?: number;
  /** Default: as `CAPSTAN_QUEUE` and `PATH` say. */
  queue?: QueueChoice;
  /** Default: a server of the stack's own. */
  postgres?: RunningPostgres;
  /** Of the stack's own server; default `durable`. */
  durability?: Durability;
  /** Settings of the stack's own server, such as `{ max_connections: '500' }`. */
  postgresSettings?: Record<string, string>;
  /** What all services get instead of the database's own address, such as that of a pooler; asked once the database runs. */
  databaseEnv?: (databaseUrl: string) => Promise<Record<string, string>>;
  sandbox?: { timers?: Partial<SandboxTimers> };
  /** Of the first API; default any free one. */
  apiPort?: number;
  /** Added to the environment of each process of that kind, replacing what is there. */
  env?: Partial<Record<ServiceKind, Record<string, string>>>;
  /** One file per process; older logs of the same name are replaced. */
  logDir: string;
  /** Called with one short sentence per step. */
  onProgress?: (step: string) => void;
  /** Called when a part ends that nobody stopped or killed through the stack. */
  onUnexpectedExit?: (part: UnexpectedExit) => void;
  /** Calls the start off. */
  signal?: AbortSignal;
}

interface Place {
  url: string;
  pid: number;
}

/** What `.local/stack.json` holds: where everything is and what opens it. */
export interface StackInfo {
  api: Place[];
  capturer: Place[];
  reconciler: Place[];
  sandbox: Place;
  /** `url` is that of the services' database. */
  postgres: Place;
  queue: { url: string; pid?: number };
  apiKey: string;
  webhookSecret: string;
  conomy: { baseUrl: string; apiKey: string; clientId: string; clientSecret: string };
  admin: { user: string; password: string };
}

export interface UnexpectedExit {
  /** Such as `capturer-1` or `postgres`. */
  name: string;
  exit: ProcessExit;
  logFile: string;
}

/** A complete deployment on this machine, each service a process of its own. */
export interface Stack {
  /** As of now: a restarted part shows with its new pid. */
  readonly info: StackInfo;
  readonly databaseUrl: string;
  /** The stack's own server; undefined when it was given one that is already running. */
  readonly postgres: PostgresServer | undefined;
  readonly queue: PrivateQueue;
  readonly sandbox: ServiceProcess;
  readonly apis: readonly ServiceProcess[];
  readonly capturers: readonly ServiceProcess[];
  readonly reconcilers: readonly ServiceProcess[];
  /** Stops the services, then what they use. May be called again. */
  stop(): Promise<void>;
}
