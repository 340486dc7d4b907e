import { DEMO_USAGE, type DemoOptions, readDemoOptions } from './demo/demo-options.ts';
import { runDemo } from './demo/run-demo.ts';
import { UsageError } from './dev-options.ts';
import { interruptOnSignals } from './interrupt.ts';

const EXIT_WRONG = 1;
const EXIT_USAGE = 2;
const EXIT_INTERRUPTED = 130;

/** The exit code. */
async function main(): Promise<number> {
  try {
    const options = readDemoOptions(process.argv.slice(2));
    if (options) return await demonstrate(options);
    process.stdout.write(DEMO_USAGE);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${DEMO_USAGE}`);
    return EXIT_USAGE;
  }
}

async function demonstrate(options: DemoOptions): Promise<number> {
  const interrupt = interruptOnSignals();
  try {
    return (await runDemo(options, { screen: process.stdout, interrupt })) ? 0 : EXIT_WRONG;
  } catch (error) {
    if (interrupt.aborted) {
      process.stdout.write('Interrupted; everything has stopped.\n');
      return EXIT_INTERRUPTED;
    }
    process.stderr.write(`${(error as Error).message}\n`);
    return EXIT_WRONG;
  }
}

process.exit(await main());
