import { commonSettings, onOrOff, wholeNumber } from '@capstan/shared/config/common-settings';
import { conomySettings } from '@capstan/shared/config/conomy-settings';
import type { Parsed, Settings } from '@capstan/shared/config/parse-env';

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
} satisfies Settings;

export type ReconcilerConfig = Parsed<typeof reconcilerSettings>;
