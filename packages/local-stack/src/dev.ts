import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DEV_USAGE, type DevOptions, readDevOptions, UsageError } from './dev-options.ts';
import { summarizeStack } from './dev-summary.ts';
import { isPortFree } from './free-port.ts';
import { interruptOnSignals, untilAborted } from './interrupt.ts';
import type { Stack, StackOptions, UnexpectedExit } from './stack.ts';
import { writeStackFile } from './stack-file.ts';
import { startStack } from './start-stack.ts';

const LOCAL = fileURLToPath(new URL('../../../.local', import.meta.url));
const LOG_DIR = `${LOCAL}/logs`;
const PREFERRED_API_PORT = 3000;

/** Runs a stack until a signal; resolves once it has stopped. */
async function runDev(options: DevOptions): Promise<void> {
  const interrupt = interruptOnSignals();
  const apiPort = await chooseApiPort();
  const stack = await startUnlessInterrupted({
    ...options,
    ...(apiPort ? { apiPort } : {}),
    logDir: LOG_DIR,
    onProgress: (step) => say(`· ${step}`),
    onUnexpectedExit: (part) => say(describeUnexpectedExit(part)),
    signal: interrupt,
  });
  if (!stack) return say('Stopped before everything had started.');
  const removeStackFile = writeStackFile(`${LOCAL}/stack.json`, stack.info);
  try {
    say(`\n${await summarizeStack(stack, relative(process.cwd(), LOG_DIR))}`);
    await untilAborted(interrupt);
    say('\nStopping … (Ctrl-C again: at once)');
  } finally {
    removeStackFile();
    await stack.stop();
  }
  say('Stopped.');
}

async function startUnlessInterrupted(options: StackOptions): Promise<Stack | null> {
  try {
    return await startStack(options);
  } catch (error) {
    if (options.signal?.aborted) return null;
    throw error;
  }
}

async function chooseApiPort(): Promise<number | undefined> {
  if (await isPortFree(PREFERRED_API_PORT)) return PREFERRED_API_PORT;
  say(`· port ${PREFERRED_API_PORT} is in use: the API takes another one`);
  return undefined;
}

function describeUnexpectedExit({ name, exit, logFile }: UnexpectedExit): string {
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`;
  return `! ${name} ${how}. Its log: ${relative(process.cwd(), logFile)}`;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The exit code. */
async function main(): Promise<number> {
  try {
    const options = readDevOptions(process.argv.slice(2));
    if (options) await runDev(options);
    else say(DEV_USAGE);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${DEV_USAGE}`);
      return 2;
    }
    process.stderr.write(`${(error as Error).message}\n`);
    return 1;
  }
}

process.exit(await main());
