import { commonSettings, wholeNumber } from '@capstan/shared/config/common-settings';
import { conomySettings } from '@capstan/shared/config/conomy-settings';
import type { Parsed, Settings } from '@capstan/shared/config/parse-env';

export const capturerSettings = {
  ...commonSettings(3001),
  ...conomySettings,
  CAPTURER_CONCURRENCY: {
    description: 'commands that write at once in this process; as many more may read',
    schema: wholeNumber(1, 500),
    default: '20',
  },
  SEND_WINDOW_MS: {
    description: 'a claim older than this sends nothing, in milliseconds',
    schema: wholeNumber(100, 60_000),
    default: '2000',
  },
  ABSENCE_READS: {
    description: 'reads that must find nothing before a lost write may be sent again',
    schema: wholeNumber(3, 100),
    default: '3',
  },
  ABSENCE_SPAN_MS: {
    description: 'time those reads must span, beginning after the deadline of the call, in milliseconds',
    schema: wholeNumber(0, 3_600_000),
    default: '45000',
  },
  SCAN_ROWS_MAX: {
    description: 'rows of one account after which a create that was lost there is left to a person',
    schema: wholeNumber(1_000, 1_000_000_000),
    default: '1000000',
  },
  UNKNOWN_MS_MAX: {
    description:
      'time in which Conomy answers and still does not tell what became of a write, or the payment that a step needs to be read first, after which a person decides, in milliseconds; an outage does not count',
    schema: wholeNumber(60_000, 604_800_000),
    default: '7200000',
  },
  REFUND_UNREADABLE_MS: {
    description:
      'time of answered reads that do not tell all refunds of a payment, before its refund is parked, in milliseconds',
    schema: wholeNumber(0, 86_400_000),
    default: '900000',
  },
} satisfies Settings;

export type CapturerConfig = Parsed<typeof capturerSettings>;
