import type { Logger } from '@capstan/shared/telemetry/logger';
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import type { Credentials } from './access.ts';
import { addControlRoutes } from './control-routes.ts';
import { DEFAULT_ACCOUNTS, type SandboxAccount } from './default-accounts.ts';
import { ConomyError, errorBody } from './errors.ts';
import { addOperationRoutes } from './operation-routes.ts';
import { createSandbox, type Sandbox } from './sandbox.ts';
import { type SettingsChanges, startSettings } from './settings.ts';
import { documentedRetryDelayMs, type RetrySchedule } from './webhook-retry.ts';

/** Settings left out have their defaults: timers of 300 ms, no webhooks, automatic payers, no fees or limits. */
export interface SandboxOptions extends SettingsChanges {
  credentials: Credentials;
  /** Default 127.0.0.1. */
  host?: string;
  /** Default 0: any free port. */
  port?: number;
  /** Seconds a token lives. Default 3600. */
  tokenLifetimeS?: number;
  /** What a reset goes back to. Default {@link DEFAULT_ACCOUNTS}. */
  accounts?: readonly SandboxAccount[];
  /** Default: the documented rule. */
  webhookRetryDelayMs?: RetrySchedule;
  /** Default 10,000, the documented limit. */
  webhookTimeoutMs?: number;
  /** Milliseconds since 1970: stamps payments and ends tokens. Default the system clock. */
  now?: () => number;
  /** Gets faults of the sandbox itself. Default none. */
  log?: Logger;
}

export interface RunningSandbox {
  /** The root: the API is at `/sandbox`, the simulation at `/sandboxwebhook`, the control at `/_sandbox`. */
  url: string;
  /** Cuts what is open, held answers included, and drops timers and webhooks that wait. */
  close(): Promise<void>;
}

/** Starts a local Conomy; it listens when the promise is kept. */
export async function startSandbox(options: SandboxOptions): Promise<RunningSandbox> {
  const sandbox = createSandbox({
    credentials: options.credentials,
    tokenLifetimeS: options.tokenLifetimeS ?? 3600,
    accounts: options.accounts ?? DEFAULT_ACCOUNTS,
    settings: startSettings(options),
    webhookRetryDelayMs: options.webhookRetryDelayMs ?? documentedRetryDelayMs,
    webhookTimeoutMs: options.webhookTimeoutMs ?? 10_000,
    now: options.now ?? Date.now,
  });
  // Callers may hold answers open for ever (that is a fault on offer): closing must not wait for them.
  const server = fastify({
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 500 },
    exposeHeadRoutes: false,
  });
  server.addHook('onSend', async (_request, reply) => {
    reply.header('date', sandbox.date());
  });
  readBodiesLeniently(server);
  answerErrorsAsDocumented(server, sandbox, options.log);
  const port = refusablePort(server);
  addOperationRoutes(server, sandbox, port.refuse);
  addControlRoutes(server, sandbox);
  const url = await server.listen({ host: options.host ?? '127.0.0.1', port: options.port ?? 0 });
  return {
    url,
    close: async () => {
      port.stop();
      await server.close();
      await sandbox.close();
    },
  };
}

/** Lets the port be shut for a while: connections are reset, and new ones refused by the system. */
function refusablePort({ server }: FastifyInstance): { refuse(ms: number): void; stop(): void } {
  let reopening: NodeJS.Timeout | undefined;
  return {
    refuse: (ms) => {
      const address = server.address();
      if (address === null || typeof address === 'string') return;
      server.close();
      server.closeAllConnections();
      reopening = setTimeout(() => server.listen(address.port, address.address), ms);
    },
    stop: () => clearTimeout(reopening),
  };
}

/** Any content type is read as JSON, and an empty body as none: samples capture with `{}` and with nothing. */
function readBodiesLeniently(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, undefined);
    try {
      done(null, JSON.parse(String(text)));
    } catch {
      done(new ConomyError('14', 'the body is not JSON'));
    }
  });
}

function answerErrorsAsDocumented(server: FastifyInstance, sandbox: Sandbox, log: Logger | undefined): void {
  server.setNotFoundHandler((request) => {
    throw new ConomyError('31', `there is no ${request.method} ${request.url.split('?')[0]}`);
  });
  server.setErrorHandler((error: FastifyError | ConomyError, _request, reply) => {
    const refusal = error instanceof ConomyError ? error : translate(error, log);
    const body = errorBody(refusal, sandbox.settings().shapes.errors);
    return reply.code(refusal.status).headers(refusal.headers).send(body);
  });
}

function translate(error: FastifyError, log: Logger | undefined): ConomyError {
  if (error.statusCode !== undefined && error.statusCode < 500) return new ConomyError('14', error.message);
  log?.error({ event: 'sandbox.failed', err: error }, 'a request met a defect of the sandbox');
  return new ConomyError('01', 'unexpected error');
}
