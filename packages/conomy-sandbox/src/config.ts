import type { Settings } from '@capstan/shared/config/parse-env';
import { z } from 'zod';
import { WAIT_MS_MAX } from './payment-timers.ts';

const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;

const required = z.string().min(1, 'must not be empty');

function wholeNumber(min: number, max: number) {
  return z
    .string()
    .regex(/^\d+$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(min, `must be at least ${min}`).max(max, `must be at most ${max}`));
}

/** The environment of a sandbox that runs as a process of its own. */
export const SANDBOX_SETTINGS = {
  HOST: { description: 'address to listen on', schema: required, default: '127.0.0.1' },
  PORT: {
    description: 'port to listen on; 0 takes any free one',
    schema: wholeNumber(0, 65_535),
    default: '0',
  },
  LOG_LEVEL: {
    description: 'least severe log line written',
    schema: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }),
    default: 'info',
  },
  SANDBOX_API_KEY: { description: 'the x-api-key callers must send', schema: required, secret: true },
  SANDBOX_CLIENT_ID: { description: 'the clientId that gets a token', schema: required },
  SANDBOX_CLIENT_SECRET: {
    description: 'the clientSecret that gets a token',
    schema: required,
    secret: true,
  },
  SANDBOX_TOKEN_LIFETIME_S: {
    description: 'seconds a token lives',
    schema: wholeNumber(1, 31_536_000),
    default: '3600',
  },
  SANDBOX_CAPTURED_TO_RECEIVED_MS: {
    description: 'milliseconds from CAPTURED to RECEIVED',
    schema: wholeNumber(0, WAIT_MS_MAX),
    default: '300',
  },
  SANDBOX_RECEIVED_TO_SETTLED_MS: {
    description: 'milliseconds from RECEIVED to SETTLED',
    schema: wholeNumber(0, WAIT_MS_MAX),
    default: '300',
  },
  SANDBOX_WEBHOOK_URL: {
    description: 'where webhooks go; empty = nowhere',
    schema: z.union([z.literal(''), z.url({ protocol: /^https?$/, error: 'must be an http or https URL' })]),
    default: '',
  },
  SANDBOX_WEBHOOK_SECRET: {
    description: 'signs webhooks; empty = unsigned',
    schema: z.string(),
    default: '',
    secret: true,
  },
} as const satisfies Settings;
