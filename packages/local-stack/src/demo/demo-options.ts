import { parseArgs } from 'node:util';
import { UsageError } from '../dev-options.ts';

export interface DemoOptions {
  /** How many payment commands are sent. */
  commands: number;
  /** Everything random is drawn from it: the same seed makes the same workload and the same faults. */
  seed: number;
  faults: boolean;
  /** Leave everything running after the result. */
  keep: boolean;
}

export const COMMANDS_MAX = 10_000;
const SEED_MAX = 2 ** 32 - 1;

export const DEMO_USAGE = `Usage: pnpm demo [--commands N] [--seed S] [--faults] [--keep]

Starts everything on this machine with parts of its own, sends payment commands through the HTTP
API, follows each to its end and compares Capstan's records with what the sandbox really did.

  --commands N  how many commands          (1 to ${COMMANDS_MAX}, default 24)
  --seed S      draws the workload         (0 to ${SEED_MAX}, default 1)
  --faults      the sandbox loses answers, fails, limits the rate, drops and repeats webhooks
  --keep        leave it running after the result; Ctrl-C stops it
  --help        this text

Exit code: 0 if every command ended as it should and nothing disagrees, 1 if not, 2 for a command
line that cannot be followed, 130 if it was interrupted.

CAPSTAN_QUEUE=redis|postgres chooses the queue; without it Redis is used if redis-server or
valkey-server is installed, else PostgreSQL.
`;

/**
 * Reads the arguments after the script's name; null when only help was asked for.
 * @throws {UsageError}
 */
export function readDemoOptions(args: string[]): DemoOptions | null {
  const values = parse(args);
  if (values.help) return null;
  return {
    commands: wholeNumber('--commands', values.commands, 1, COMMANDS_MAX),
    seed: wholeNumber('--seed', values.seed, 0, SEED_MAX),
    faults: values.faults,
    keep: values.keep,
  };
}

function parse(args: string[]) {
  const off = { type: 'boolean', default: false } as const;
  const options = {
    commands: { type: 'string', default: '24' },
    seed: { type: 'string', default: '1' },
    faults: off,
    keep: off,
    help: off,
  } as const;
  // `pnpm demo -- --keep` hands the separator on.
  const given = args[0] === '--' ? args.slice(1) : args;
  try {
    return parseArgs({ args: given, options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function wholeNumber(flag: string, text: string, min: number, max: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= min && number <= max) return number;
  throw new UsageError(`${flag} must be a whole number from ${min} to ${max}, not "${text}"`);
}
