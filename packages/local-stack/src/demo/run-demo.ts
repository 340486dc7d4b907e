import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { summarizeStack } from '../dev-summary.ts';
import { untilAborted } from '../interrupt.ts';
import type { Stack, UnexpectedExit } from '../stack.ts';
import { startStack } from '../start-stack.ts';
import type { DemoOptions } from './demo-options.ts';
import { type Screen, sayElapsed } from './progress.ts';
import { type DemoResult, isAllWell, renderReport } from './report.ts';
import { runWorkload } from './run-workload.ts';
import { sayLabeled } from './wording.ts';

const LOG_DIR = fileURLToPath(new URL('../../../../.local/demo-logs', import.meta.url));

export interface DemoContext {
  screen: Screen;
  /** Aborted by Ctrl-C. */
  interrupt: AbortSignal;
}

/**
 * The whole demo, from nothing running to nothing running.
 * Returns whether every command ended as it should and nothing disagrees.
 * @throws when it could not be carried through; everything started is stopped by then.
 */
export async function runDemo(options: DemoOptions, { screen, interrupt }: DemoContext): Promise<boolean> {
  const startedAtMs = performance.now();
  const logDir = relative(process.cwd(), LOG_DIR) || '.';
  const broken = new AbortController();
  const signal = AbortSignal.any([interrupt, broken.signal]);
  screen.write(introduce(options));
  const stack = await startStack({
    logDir: LOG_DIR,
    onProgress: (step) => screen.write(`${sayElapsed(startedAtMs)}  ${step}\n`),
    onUnexpectedExit: (part) => broken.abort(partLostError(part)),
    signal,
  });
  try {
    const result = await runWorkload({ options, stack, screen, startedAtMs, logDir, signal });
    screen.write(`${renderReport(result)}\n\n`);
    screen.write(options.keep ? await describeKept(stack, result) : whereToLookNext());
    if (options.keep) await untilAborted(signal);
    broken.signal.throwIfAborted();
    return isAllWell(result);
  } finally {
    if (options.keep || signal.aborted) screen.write('\nStopping … (Ctrl-C again: at once)\n');
    await stack.stop();
  }
}

function introduce({ commands, seed, faults }: DemoOptions): string {
  const patience = `The sandbox will lose answers, fail, limit the rate and drop webhooks. This takes one to three
minutes: what may have happened is sent again only after reads over 45 s have shown that it did not.
`;
  return `Capstan demo: starts a database, a queue, Capstan's services and a local Conomy sandbox, sends
${commands} payment commands (seed ${seed}), follows each to its end and checks every peso against the sandbox.
${faults ? patience : ''}
`;
}

function partLostError({ name, exit, logFile }: UnexpectedExit): Error {
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`;
  return new Error(`${name} ${how} in the middle of the demo. Its log: ${relative(process.cwd(), logFile)}`);
}

function whereToLookNext(): string {
  return [
    'Where to look next',
    sayLabeled('  docs/', 'docs/architecture.md: how it works, and what happens when something fails'),
    sayLabeled('  pnpm dev', 'keeps everything running and prints a first command to send'),
    sayLabeled('  --keep', 'this demo, left running: timelines of its payments and the queue board'),
    sayLabeled('  --faults', 'the same with lost answers, errors, rate limits and lost webhooks'),
    '',
  ].join('\n');
}

async function describeKept(stack: Stack, { commands, logDir }: DemoResult): Promise<string> {
  const { api, apiKey } = stack.info;
  const key = commands[0]?.command?.payment.key;
  const url = `${api[0]?.url}/v1/payments/${key}/timeline`;
  const timeline = `Everything that happened to payment 1, in one list:

curl -sS -H 'Authorization: Bearer ${apiKey}' '${url}'

`;
  return `${key ? timeline : ''}${await summarizeStack(stack, logDir)}`;
}
