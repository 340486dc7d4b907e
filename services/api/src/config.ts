import { commonSettings, onOrOff, wholeNumber } from '@capstan/shared/config/common-settings';
import { conomySettings } from '@capstan/shared/config/conomy-settings';
import { ConfigError, type Parsed, type Settings } from '@capstan/shared/config/parse-env';
import type { SignatureForm } from '@capstan/shared/provider/conomy/signature';
import { z } from 'zod';
import { type ApiKey, parseApiKeys } from './api-keys.ts';

const DEFAULT_PORT = 3000;
const PASSWORD_LENGTH_MIN = 8;

const apiKeys = z.string().transform((text, context): ApiKey[] => {
  try {
    return parseApiKeys(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
    return z.NEVER;
  }
});

/** Empty means that the user does not exist. */
const optionalPassword = z
  .string()
  .refine(
    (text) => text === '' || text.length >= PASSWORD_LENGTH_MIN,
    `must have at least ${PASSWORD_LENGTH_MIN} characters`,
  );

const webhookSecrets = z
  .string()
  .transform((text) => text.split(',').map((secret) => secret.trim()))
  .refine(
    (secrets) => secrets.every((secret) => secret !== ''),
    'must be a list of secrets with a comma between them',
  );

const FORMS = ['body', 'header'] as const satisfies readonly SignatureForm[];
const webhookForms = z
  .string()
  .transform((text) => text.split(',').map((form) => form.trim()))
  .pipe(z.array(z.enum(FORMS, { error: 'must be body, header or body,header' })));

export const apiSettings = {
  ...commonSettings(DEFAULT_PORT),
  ...conomySettings,
  API_KEYS: {
    description: 'who may call: name:secret[:scope+scope],…; scopes read, enqueue, operate; none = all',
    schema: apiKeys,
    secret: true,
  },
  CONOMY_WEBHOOK_SECRETS: {
    description: 'secrets that may sign webhooks, newest first, with commas between them',
    schema: webhookSecrets,
    secret: true,
  },
  CONOMY_WEBHOOK_FORMS: {
    description: 'where a webhook may carry its signature',
    schema: webhookForms,
    default: FORMS.join(','),
  },
  INBOX: {
    description: 'the queue door: on takes commands from the queue capstan-inbox, off leaves it alone',
    schema: onOrOff,
    default: 'on',
  },
  CHECK_PRODUCTS: {
    description:
      'on refuses a create that the provider’s own product rules speak against; off leaves it to the provider',
    schema: onOrOff,
    default: 'off',
  },
  PRODUCTS_TTL_S: {
    description: 'how long the provider’s products and banks are taken for current, in seconds',
    schema: wholeNumber(1, 86_400),
    default: '600',
  },
  RATE_LIMIT_PER_SECOND: {
    description: 'requests one API key may send to this process in a second; 0 sets no limit',
    schema: wholeNumber(0, 1_000_000),
    default: '0',
  },
  DRAIN_DELAY_MS: {
    description:
      'how long a stop goes on serving after /readyz says so, in milliseconds, as a part of DRAIN_TIMEOUT_MS; empty: 5000 with NODE_ENV=production, else 0',
    schema: z.union([z.literal('').transform(() => null), wholeNumber(0, 600_000)], {
      error: 'must be a whole number from 0 to 600000',
    }),
    default: '',
  },
  ADMIN_PASSWORD: {
    description: 'of the user admin on /admin/queues; without it the board is off',
    schema: optionalPassword,
    default: '',
    secret: true,
  },
  VIEWER_PASSWORD: {
    description: 'of the user viewer on /admin/queues; both users only look',
    schema: optionalPassword,
    default: '',
    secret: true,
  },
  ADMIN_PORT: {
    description: 'moves /admin/queues and /metrics off PORT to a port of their own; 0 takes any free one',
    schema: z.union([z.literal('').transform(() => null), wholeNumber(0, 65_535)], {
      error: 'must be a whole number from 0 to 65535',
    }),
    default: '',
  },
} satisfies Settings;

export type ApiConfig = Parsed<typeof apiSettings>;

/** Time for load balancers to notice that this copy is not ready any more. */
const DRAIN_DELAY_MS_IN_PRODUCTION = 5_000;

/** @throws {ConfigError} when a stop would be over before it has begun to close. */
export function drainDelayMsOf(config: ApiConfig): number {
  const byDefault = config.NODE_ENV === 'production' ? DRAIN_DELAY_MS_IN_PRODUCTION : 0;
  const delayMs = config.DRAIN_DELAY_MS ?? byDefault;
  if (delayMs > 0 && delayMs >= config.DRAIN_TIMEOUT_MS)
    throw new ConfigError([
      `DRAIN_DELAY_MS=${delayMs}: must be less than DRAIN_TIMEOUT_MS (${config.DRAIN_TIMEOUT_MS}), which it is a part of`,
    ]);
  return delayMs;
}
