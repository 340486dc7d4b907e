import type { Stack } from '../stack.ts';
import { createDemoApi, type DemoApi } from './api-client.ts';
import type { DemoOptions } from './demo-options.ts';
import { followCommands } from './follow-commands.ts';
import { countProgress, type Screen, sayElapsed, showProgress } from './progress.ts';
import type { DemoResult } from './report.ts';
import { runBounded } from './run-bounded.ts';
import { createSandboxControl } from './sandbox-control.ts';
import { sendCommands } from './send-commands.ts';
import { readShownBalance } from './shown-balance.ts';
import type { TrackedCommand } from './tracked-command.ts';
import { judge } from './verdict.ts';
import { sayDuration } from './wording.ts';
import { buildWorkload, isSentAfterSettlement } from './workload.ts';

const READS_AT_ONCE = 16;

export interface Run {
  options: DemoOptions;
  stack: Stack;
  screen: Screen;
  /** Monotonic time of the demo's start, for the times in front of the lines. */
  startedAtMs: number;
  logDir: string;
  /** Calls the run off. */
  signal: AbortSignal;
}

/** Sends the whole workload, follows it to its end and judges what came of it. */
export async function runWorkload(run: Run): Promise<DemoResult> {
  const { options, stack, signal } = run;
  const {
    sandbox,
    api: [place],
    apiKey,
    conomy,
  } = stack.info;
  if (!place) throw new Error('a stack without an API cannot be shown');
  const api = createDemoApi(place.url, apiKey);
  const control = createSandboxControl(sandbox.url, signal);
  const { accounts: accountsBefore } = await control.readLedger();
  const before = await readShownBalance(conomy, signal);
  if (options.faults) await control.startFaults(options.seed);

  const workload = buildWorkload({
    count: options.commands,
    seed: options.seed,
    run: Date.now().toString(36),
  });
  const commands = workload.map((planned): TrackedCommand => ({ planned }));
  const sendingAtMs = performance.now();
  await sendCommands(api, commands, signal);
  say(run, describeSent(commands, performance.now() - sendingAtMs));
  await followVisibly(run, api, commands);
  const durationMs = performance.now() - sendingAtMs;

  const ledger = await control.readLedger();
  const mirror = await readMirror(api, commands, signal);
  return {
    commands,
    checks: judge({ commands, mirror, ledger, accountsBefore }),
    durationMs,
    balance: { before, after: await readShownBalance(conomy, signal) },
    faults: options.faults ? await control.readFaults() : null,
    logDir: run.logDir,
  };
}

async function followVisibly(run: Run, api: DemoApi, commands: readonly TrackedCommand[]): Promise<void> {
  const { signal, screen, startedAtMs } = run;
  const progress = showProgress(screen, () => countProgress(commands), startedAtMs);
  try {
    const timeUp = AbortSignal.timeout(followMsMax(run.options));
    await followCommands(api, commands, { signal, timeUp });
  } finally {
    progress.stop();
  }
}

function describeSent(commands: readonly TrackedCommand[], tookMs: number): string {
  const refunds = commands.filter(({ planned }) => isSentAfterSettlement(planned)).length;
  const sent = `${commands.length - refunds} commands sent in ${sayDuration(tookMs)}`;
  return refunds === 0 ? sent : `${sent}; refunds to follow as their payments settle: ${refunds}`;
}

/** What Capstan holds under every externalId of the workload, and every refund, read anew. */
async function readMirror(api: DemoApi, commands: readonly TrackedCommand[], signal: AbortSignal) {
  const externalIds = new Set(commands.map(({ planned }) => planned.externalId));
  const found = await runBounded([...externalIds], READS_AT_ONCE, (externalId) =>
    api.findPayments(externalId, signal),
  );
  const mirror = found.flat();
  for await (const refund of api.findRefunds(signal)) mirror.push(refund);
  return mirror;
}

/**
 * Generous: nothing is wrong with a slow machine. A lost answer costs about a minute before the command is sent
 * again, and that may happen to one command several times.
 */
function followMsMax({ commands, faults }: DemoOptions): number {
  return (faults ? 600_000 : 180_000) + 1_000 * commands;
}

function say({ screen, startedAtMs }: Run, text: string): void {
  screen.write(`${sayElapsed(startedAtMs)}  ${text}\n`);
}
