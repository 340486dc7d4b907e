import { randomBytes } from 'node:crypto';

/** Everything secret in one stack; made new for each and worth nothing outside it. */
export interface StackSecrets {
  apiKey: string;
  adminPassword: string;
  viewerPassword: string;
  webhookSecret: string;
  conomy: { apiKey: string; clientId: string; clientSecret: string };
}

export interface SandboxTimers {
  capturedToReceivedMs: number;
  receivedToSettledMs: number;
}

type Environment = Record<string, string>;

export function createStackSecrets(): StackSecrets {
  return {
    apiKey: secret(),
    adminPassword: secret(),
    viewerPassword: secret(),
    webhookSecret: secret(),
    conomy: { apiKey: secret(), clientId: `local-${randomBytes(4).toString('hex')}`, clientSecret: secret() },
  };
}

/** Hexadecimal, so that it needs no quoting in a list, a URL or a shell. */
function secret(): string {
  return randomBytes(16).toString('hex');
}

/** Every process listens on loopback at any free port and says which when it has started. */
const LISTEN: Environment = { HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'info' };

export function sandboxEnvironment(secrets: StackSecrets, timers: Partial<SandboxTimers> = {}): Environment {
  const { capturedToReceivedMs, receivedToSettledMs } = timers;
  return {
    ...LISTEN,
    SANDBOX_API_KEY: secrets.conomy.apiKey,
    SANDBOX_CLIENT_ID: secrets.conomy.clientId,
    SANDBOX_CLIENT_SECRET: secrets.conomy.clientSecret,
    SANDBOX_WEBHOOK_SECRET: secrets.webhookSecret,
    ...(capturedToReceivedMs === undefined
      ? {}
      : { SANDBOX_CAPTURED_TO_RECEIVED_MS: String(capturedToReceivedMs) }),
    ...(receivedToSettledMs === undefined
      ? {}
      : { SANDBOX_RECEIVED_TO_SETTLED_MS: String(receivedToSettledMs) }),
  };
}

/** The same for all services: each reads what it needs. Nothing of the caller's environment gets in. */
export function serviceEnvironment(
  secrets: StackSecrets,
  parts: { databaseUrl: string; queueUrl: string; sandboxUrl: string },
): Environment {
  return {
    ...LISTEN,
    DATABASE_URL: parts.databaseUrl,
    QUEUE_URL: parts.queueUrl,
    CONOMY_BASE_URL: conomyBaseUrl(parts.sandboxUrl),
    CONOMY_SANDBOX_WEBHOOK_URL: `${parts.sandboxUrl}/sandboxwebhook`,
    CONOMY_API_KEY: secrets.conomy.apiKey,
    CONOMY_CLIENT_ID: secrets.conomy.clientId,
    CONOMY_CLIENT_SECRET: secrets.conomy.clientSecret,
    CONOMY_WEBHOOK_SECRETS: secrets.webhookSecret,
    API_KEYS: `local:${secrets.apiKey}`,
    ADMIN_PASSWORD: secrets.adminPassword,
    VIEWER_PASSWORD: secrets.viewerPassword,
  };
}

export function conomyBaseUrl(sandboxUrl: string): string {
  return `${sandboxUrl}/sandbox`;
}
