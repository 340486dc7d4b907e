import { parseArgs } from 'node:util';

export interface DevOptions {
  api: number;
  capturers: number;
  reconcilers: number;
}

/** A command line that cannot be followed; the message says which part. */
export class UsageError extends Error {}

export const DEV_USAGE = `Usage: pnpm dev [--api N] [--capturers N] [--reconcilers N]

Starts Capstan on this machine with parts of its own and stays until Ctrl-C.

  --api N          copies of the API            (1 to 16, default 1)
  --capturers N    copies of the capturer       (1 to 16, default 1)
  --reconcilers N  copies of the reconciler     (1 to 16, default 1)
  --help           this text

CAPSTAN_QUEUE=redis|postgres chooses the queue; without it Redis is used if redis-server or
valkey-server is installed, else PostgreSQL.
`;

const COPIES_MAX = 16;

/**
 * Reads the arguments after the script's name; null when only help was asked for.
 * @throws {UsageError}
 */
export function readDevOptions(args: string[]): DevOptions | null {
  const values = parse(args);
  if (values.help) return null;
  return {
    api: copies('--api', values.api),
    capturers: copies('--capturers', values.capturers),
    reconcilers: copies('--reconcilers', values.reconcilers),
  };
}

function parse(args: string[]) {
  const count = { type: 'string', default: '1' } as const;
  const options = { api: count, capturers: count, reconcilers: count, help: { type: 'boolean' } } as const;
  // `pnpm dev -- --api 2` hands the separator on.
  const given = args[0] === '--' ? args.slice(1) : args;
  try {
    return parseArgs({ args: given, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function copies(flag: string, text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= COPIES_MAX) return count;
  throw new UsageError(`${flag} must be a whole number from 1 to ${COPIES_MAX}, not "${text}"`);
}
