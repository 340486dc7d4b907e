import { z } from 'zod';
import type { Pool } from '../db/pool.ts';
import type { ConomyClientOptions } from '../provider/conomy/caller.ts';
import { type ConomyClient, createConomyClient } from '../provider/conomy/client.ts';
import { sharedTokenVault } from '../provider/conomy/shared-token-vault.ts';
import type { Traffic } from '../provider/traffic.ts';
import type { DriftLog } from '../telemetry/drift-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import { wholeNumber } from './common-settings.ts';
import type { Settings } from './parse-env.ts';

/** What a service needs to call Conomy, beside the base URL and client id that every service has. */
export const conomySettings = {
  CONOMY_SANDBOX_WEBHOOK_URL: {
    description: 'sandbox only: base of the simulation calls, a sibling of the base URL',
    schema: z.union([z.literal(''), z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' })]),
    default: '',
  },
  CONOMY_API_KEY: {
    description: 'gateway key, sent with every call',
    schema: z.string().min(1),
    secret: true,
  },
  CONOMY_CLIENT_SECRET: { description: 'secret of the client id', schema: z.string().min(1), secret: true },
  CONOMY_API_VERSION: {
    description: 'value of conomyhq-api-version',
    schema: z.string().min(1),
    default: '24-04-2025',
  },
  CONOMY_USER_AGENT: {
    description: 'sent with every call',
    schema: z.string().min(1),
    default: 'Capstan/0.1',
  },
  CONOMY_CONNECT_TIMEOUT_MS: {
    description: 'connection to the provider, TLS included, in milliseconds',
    schema: wholeNumber(100, 60_000),
    default: '2000',
  },
  CONOMY_CALL_TIMEOUT_MS: {
    description: 'one provider call from start to end, in milliseconds',
    schema: wholeNumber(100, 120_000),
    default: '10000',
  },
} satisfies Settings;

/** The values of {@link conomySettings} and of what every service has of Conomy. */
export interface ConomyConfig {
  readonly CONOMY_BASE_URL: string;
  readonly CONOMY_CLIENT_ID: string;
  readonly CONOMY_SANDBOX_WEBHOOK_URL: string;
  readonly CONOMY_API_KEY: string;
  readonly CONOMY_CLIENT_SECRET: string;
  readonly CONOMY_API_VERSION: string;
  readonly CONOMY_USER_AGENT: string;
  readonly CONOMY_CONNECT_TIMEOUT_MS: number;
  readonly CONOMY_CALL_TIMEOUT_MS: number;
}

/** The client of a service: it shares its token, and as a rule its traffic, with all other processes. */
export function conomyClientOf(
  config: ConomyConfig,
  shared: { pool: Pool; log: Logger; drift: DriftLog; traffic?: Traffic },
  connections: number,
): ConomyClient {
  return createConomyClient({
    ...credentialsOf(config),
    connections,
    tokenVault: sharedTokenVault(shared.pool, config.CONOMY_CLIENT_SECRET, shared.log),
    traffic: shared.traffic,
    onDrift: shared.drift.note,
  });
}

/** What the configuration says of Conomy, for a client that is alone. */
export function credentialsOf(config: ConomyConfig): ConomyClientOptions {
  return {
    baseUrl: config.CONOMY_BASE_URL,
    sandboxWebhookUrl: config.CONOMY_SANDBOX_WEBHOOK_URL || undefined,
    apiKey: config.CONOMY_API_KEY,
    clientId: config.CONOMY_CLIENT_ID,
    clientSecret: config.CONOMY_CLIENT_SECRET,
    apiVersion: config.CONOMY_API_VERSION,
    userAgent: config.CONOMY_USER_AGENT,
    connectTimeoutMs: config.CONOMY_CONNECT_TIMEOUT_MS,
    callTimeoutMs: config.CONOMY_CALL_TIMEOUT_MS,
  };
}
