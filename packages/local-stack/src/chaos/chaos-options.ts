import { parseArgs } from 'node:util';
import { UsageError } from '../dev-options.ts';

export interface ChaosOptions {
  /** Over this long the workload is sent and faults happen; the quiet afterwards takes its own time. */
  seconds: number;
  commands: number;
  /** Everything random is drawn from it. */
  seed: number;
  /** Null: as `CAPSTAN_QUEUE` and `PATH` say. */
  queue: 'redis' | 'postgres' | null;
  /** Whether Conomy sends webhooks at all. */
  webhooks: boolean;
  /** Instead of real processes: so many seeds in one process, from `seed` on. */
  simulate: number | null;
  /** Instead of a run: the directory of one whose history is held against its ledger again. */
  check: string | null;
  /** Of the simulation: the one fault that every seed plays. */
  only: string | null;
}

const SEED_MAX = 2 ** 32 - 1;

export const CHAOS_USAGE = `Usage: pnpm chaos [--seconds N] [--commands N] [--seed S] [--queue redis|postgres]
                  [--no-webhooks]
       pnpm chaos --simulate N [--seed S] [--only FAULT]
       pnpm chaos --check DIR

Runs 2 api, 3 capturers, 2 reconcilers, a sandbox, PostgreSQL and the queue as real processes, sends a
workload whose possible ends are known beforehand and lets everything go wrong meanwhile: killed and
stopped services, an emptied queue, a killed Redis and PostgreSQL, clocks that step, and the faults of a
provider in a zone of its own, on accounts that others use, about half of each class by the seed.
Then it waits for quiet and compares Capstan's records with what the sandbox really did.

  --seconds N   how long commands are sent and faults happen  (5 to 3600, default 30)
  --commands N  how many commands                             (10 to 20000, default 500)
  --seed S      draws the workload and the faults             (0 to ${SEED_MAX}, default: by the clock)
  --queue Q     redis or postgres                             (default: CAPSTAN_QUEUE, else what is installed)
  --no-webhooks Conomy sends none: every payment must close all the same
  --simulate N  instead: N seeds, from S on (1 by default), in one process on the real PostgreSQL, with a scripted
                clock, a simulated, impolite provider and a crash at every named step    (1 to 100000)
  --only FAULT  each simulated seed plays this fault of the provider and no other, as the counters name it
  --check DIR   instead: holds what the clients of a run heard, as kept in its directory, once more against the
                ledger that is kept there
  --help        this text

Exit code: 0 if every invariant holds, 1 if one is broken, 2 for a command line that cannot be
followed, 130 if it was interrupted.
`;

/**
 * Reads the arguments after the script's name; null when only help was asked for.
 * @throws {UsageError}
 */
export function readChaosOptions(args: string[], nowMs: number): ChaosOptions | null {
  const values = parse(args);
  if (values.help) return null;
  const { queue, simulate, only } = values;
  if (only !== undefined && simulate === undefined) throw new UsageError('--only is for --simulate');
  const anySeed = simulate === undefined ? String(nowMs % SEED_MAX) : '1';
  if (queue !== undefined && queue !== 'redis' && queue !== 'postgres')
    throw new UsageError(`--queue must be redis or postgres, not "${queue}"`);
  return {
    seconds: wholeNumber('--seconds', values.seconds, 5, 3_600),
    commands: wholeNumber('--commands', values.commands, 10, 20_000),
    seed: wholeNumber('--seed', values.seed ?? anySeed, 0, SEED_MAX),
    queue: queue ?? null,
    webhooks: !values['no-webhooks'],
    simulate: simulate === undefined ? null : wholeNumber('--simulate', simulate, 1, 100_000),
    check: values.check ?? null,
    only: only ?? null,
  };
}

function parse(args: string[]) {
  const options = {
    seconds: { type: 'string', default: '30' },
    commands: { type: 'string', default: '500' },
    seed: { type: 'string' },
    queue: { type: 'string' },
    simulate: { type: 'string' },
    check: { type: 'string' },
    only: { type: 'string' },
    'no-webhooks': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  } as const;
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
