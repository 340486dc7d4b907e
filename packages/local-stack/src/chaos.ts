import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { CHAOS_USAGE, type ChaosOptions, readChaosOptions } from './chaos/chaos-options.ts';
import { checkHistory, tellHistory } from './chaos/history/check-history.ts';
import { runChaos } from './chaos/run-chaos.ts';
import { UsageError } from './dev-options.ts';
import { interruptOnSignals } from './interrupt.ts';

const EXIT_BROKEN = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/** The exit code. */
async function main(): Promise<number> {
  try {
    const options = readChaosOptions(process.argv.slice(2), Date.now());
    if (options?.simulate) return await simulate(options.simulate, options);
    if (options?.check) return check(options.check);
    if (options) return await prove(options);
    process.stdout.write(CHAOS_USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${CHAOS_USAGE}`);
    return EXIT_USAGE;
  }
}

function check(runDir: string): number {
  const { count, unexplained } = checkHistory(runDir);
  for (const line of unexplained.flatMap(tellHistory)) process.stdout.write(`${line}\n`);
  process.stdout.write(`${count} histories, ${unexplained.length} that no order of their calls explains\n`);
  return unexplained.length === 0 ? 0 : EXIT_BROKEN;
}

async function prove(options: ChaosOptions): Promise<number> {
  const interrupt = interruptOnSignals();
  try {
    return (await runChaos(options, process.stdout, interrupt)) ? 0 : EXIT_BROKEN;
  } catch (error) {
    if (interrupt.aborted) {
      process.stdout.write('Interrupted; everything has stopped.\n');
      return EXIT_INTERRUPTED;
    }
    process.stderr.write(`${(error as Error).stack}\n`);
    return EXIT_BROKEN;
  }
}

/** A process of its own: the simulation is made of the services, which this package starts and does not import. */
async function simulate(seeds: number, { seed, only }: ChaosOptions): Promise<number> {
  const entry = fileURLToPath(new URL('../../simulation/src/simulate.ts', import.meta.url));
  const args = ['--conditions=source', entry, '--seeds', String(seeds), '--first', String(seed)];
  if (only !== null) args.push('--only', only);
  const [code] = await once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit');
  return code ?? EXIT_INTERRUPTED;
}

process.exit(await main());
