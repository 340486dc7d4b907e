import { destination, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Names that must never reach a log with their value, wherever they stand in a logged object. */
const SECRET_NAMES = [
  'authorization',
  'accessToken',
  'clientSecret',
  'apiKey',
  'x-api-key',
  'secret',
  'password',
  'signature',
  'body',
  'payload',
];

/**
 * A JSON logger that writes one line per unit of work to standard output.
 * Known secret fields are removed as a second fence; callers never pass them in the first place.
 */
export function createLogger(service: string, level: string): Logger {
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_NAMES.flatMap((name) => [quoted(name), `*${quoted(name)}`]),
        censor: '[redacted]',
      },
    },
    destination({ dest: 1, sync: true }),
  );
}

function quoted(name: string): string {
  return `["${name}"]`;
}
