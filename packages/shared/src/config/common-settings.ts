import { z } from 'zod';
import { queueKindOf } from '../queue/backend.ts';
import type { Settings } from './parse-env.ts';

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** Text of a whole number between `min` and `max`, for ports, sizes and durations. */
export function wholeNumber(min: number, max: number) {
  const range = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, range)
    .transform(Number)
    .pipe(z.number().min(min, range).max(max, range));
}

const postgresUrl = z
  .string()
  .regex(
    /^postgres(ql)?:\/\/./,
    'must be a PostgreSQL URL such as postgres://user:password@host:5432/capstan',
  );

const queueUrl = z.string().superRefine((url, context) => {
  try {
    queueKindOf(url);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** Without the slash at its end, so that one environment has one spelling. */
const httpBaseUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http(s) URL such as https://api.example.com/api' })
  .transform((url) => url.replace(/\/+$/, ''));

/** What every service reads; only the port it listens on by default differs. */
export function commonSettings(defaultPort: number) {
  return {
    DATABASE_URL: { description: 'PostgreSQL: the record of everything', schema: postgresUrl, secret: true },
    DATABASE_DIRECT_URL: {
      description:
        'PostgreSQL itself, for what needs a session, when DATABASE_URL is a pooler in transaction mode; empty: the same',
      schema: z.union([z.literal(''), postgresUrl]),
      default: '',
      secret: true,
    },
    DATABASE_STATEMENTS: {
      description: '`unnamed` for a pooler in transaction mode: nothing is kept in a session',
      schema: z.enum(['named', 'unnamed'], { error: 'must be named or unnamed' }),
      default: 'named',
    },
    QUEUE_URL: {
      description: 'BullMQ: redis://, rediss:// or postgres://; the scheme picks the backend',
      schema: queueUrl,
      secret: true,
    },
    CONOMY_BASE_URL: {
      description: "the provider's base URL; the database remembers it",
      schema: httpBaseUrl,
    },
    CONOMY_CLIENT_ID: {
      description: 'client id of the Conomy tenant; the database remembers it',
      schema: z.string().min(1).max(200, 'must have at most 200 characters'),
    },
    HOST: { description: 'address to listen on', schema: z.string().min(1), default: '127.0.0.1' },
    PORT: {
      description: 'port to listen on; 0 takes any free one',
      schema: wholeNumber(0, 65_535),
      default: String(defaultPort),
    },
    LOG_LEVEL: {
      description: `least level that is logged: ${LOG_LEVELS.join(', ')}`,
      schema: z.enum(LOG_LEVELS, { error: `must be one of ${LOG_LEVELS.join(', ')}` }),
      default: 'info',
    },
    DRAIN_TIMEOUT_MS: {
      description: 'how long a stop may wait for the work under way, in milliseconds',
      schema: wholeNumber(0, 600_000),
      default: '25000',
    },
    NODE_ENV: {
      description: '`production` warns of settings that are meant for one machine',
      schema: z.string(),
      default: 'development',
    },
  } satisfies Settings;
}

/** A switch, written as a word. */
export const onOrOff = z.enum(['on', 'off'], 'must be on or off');
