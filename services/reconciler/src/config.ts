import { commonSettings, onOrOff, wholeNumber } from '@capstan/shared/config/common-settings';
import { conomySettings } from '@capstan/shared/config/conomy-settings';
import type { Parsed, Settings } from '@capstan/shared/config/parse-env';
import { z } from 'zod';

/** `whsec_` and base64, as the Standard Webhooks specification writes secrets. */
const pushSecrets = z
  .string()
  .transform((text) =>
    text
      .split(',')
      .map((secret) => secret.trim())
      .filter((secret) => secret !== ''),
  )
  .pipe(
    z.array(
      z
        .string()
        .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'each must be whsec_ and 24 to 64 bytes of base64'),
    ),
  );

export const reconcilerSettings = {
  ...commonSettings(3002),
  ...conomySettings,
  RECONCILER_CONCURRENCY: {
    description: 'deliveries, and as many reads, worked on at once by this process',
    schema: wholeNumber(1, 500),
    default: '10',
  },
  RELAY_INTERVAL_MS: {
    description: 'how often the tables are searched for rows whose job is due and missing, in milliseconds',
    schema: wholeNumber(50, 60_000),
    default: '1000',
  },
  COMPARE_DAYS: {
    description: "`on`: each day that is over is compared with Conomy's lists, by one process at a time",
    schema: onOrOff,
    default: 'on',
  },
  UPSTREAM_URL: {
    description:
      'where events are pushed by the Standard Webhooks specification; empty pushes none, GET /v1/events has them all the same',
    schema: z.union([z.literal(''), z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' })]),
    default: '',
  },
  UPSTREAM_SECRETS: {
    description:
      'secrets that sign pushes (`whsec_…`), with commas between them; each push carries a signature by each',
    schema: pushSecrets,
    default: '',
    secret: true,
  },
  UPSTREAM_PRIVATE_ADDRESSES: {
    description: '`on` lets events go to addresses that are not on the public internet',
    schema: onOrOff,
    default: 'off',
  },
  UPSTREAM_TIMEOUT_MS: {
    description: 'one push from start to end, in milliseconds',
    schema: wholeNumber(100, 60_000),
    default: '15000',
  },
} satisfies Settings;

export type ReconcilerConfig = Parsed<typeof reconcilerSettings>;
