import { CommandLineError, runReconcile } from './commands/reconcile.ts';

const USAGE = `usage: capstan reconcile --from yyyy-mm-dd [--to yyyy-mm-dd] [--dry-run | --repair] [--report folder]

  reconcile   compares Conomy's lists with the mirror, day by day (UTC), and writes a report
    --from      the first day; --to: the last one, the same day when not given
    --dry-run   only tells what differs: reads nothing else, writes nothing to the database
    --repair    also mirrors payments that were made elsewhere
    --report    where the report is written (default: reports)

The configuration is that of the reconciler: DATABASE_URL, QUEUE_URL and CONOMY_*.
Exit code: 0 when nothing is left to do, 1 when a person has to look, 2 when it could not be run.`;

const [command, ...args] = process.argv.slice(2);
try {
  if (command !== 'reconcile') throw new CommandLineError(`"${command ?? ''}" is not a command`);
  process.exitCode = await runReconcile(args, process.env, process.stdout);
} catch (error) {
  console.error((error as Error).message);
  if (error instanceof CommandLineError) console.error(`\n${USAGE}`);
  process.exitCode = 2;
}
