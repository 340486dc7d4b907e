import { CommandLineError } from './commands/command-line-error.ts';
import { runDoctor } from './commands/doctor.ts';
import { runReconcile } from './commands/reconcile.ts';
import { findEnvironment } from './commands/running-dev.ts';

const COMMANDS = { doctor: runDoctor, reconcile: runReconcile };

const USAGE = `usage: capstan reconcile --from yyyy-mm-dd [--to yyyy-mm-dd] [--dry-run | --repair] [--report folder]
       capstan doctor [--account number]

  reconcile   compares Conomy's lists with the mirror, day by day (UTC), and writes a report
    --from      the first day; --to: the last one, the same day when not given
    --dry-run   only tells what differs: reads nothing else, writes nothing to the database
    --repair    also mirrors payments that were made elsewhere
    --report    where the report is written (default: reports)

  doctor      asks the configured Conomy what Capstan relies on and says what differs; moves no money
    --account   an account to read; by default that of the first payment listed

The configuration is that of the reconciler; doctor needs CONOMY_* alone. Where none is set, the \`pnpm dev\` that runs in this
folder or above it is taken.
Exit code: 0 when nothing is left to do, 1 when a person has to look, 2 when it could not be run.`;

const [command = '', ...args] = process.argv.slice(2);
if (command === '--help' || args.includes('--help')) {
  console.log(USAGE);
  process.exit(0);
}
try {
  const run = Object.hasOwn(COMMANDS, command) ? COMMANDS[command as keyof typeof COMMANDS] : undefined;
  if (run === undefined) throw new CommandLineError(`"${command}" is not a command`);
  const { env, dev } = await findEnvironment(process.env, process.cwd());
  if (dev !== null) console.error(`No configuration is set: taking that of the dev stack at ${dev}`);
  process.exitCode = await run(args, env, process.stdout);
} catch (error) {
  console.error((error as Error).message);
  if (error instanceof CommandLineError) console.error(`\n${USAGE}`);
  process.exitCode = 2;
}
