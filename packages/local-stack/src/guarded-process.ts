import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { guard } from './guard.ts';
import { collectOutput, type ProcessOutput } from './process-output.ts';

const STOP_DEADLINE_MS = 10_000;

export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface GuardedProcessOptions {
  /** How messages and errors call it, such as `capturer-1`. */
  name: string;
  command: string;
  args: readonly string[];
  /** The whole environment of the process; nothing is inherited. */
  env: Record<string, string>;
  /** Written to its standard input, which is then closed. */
  input?: string;
  /** The identity to run as, when not our own. */
  uid?: number;
  gid?: number;
  /** Everything it prints is added to this file. */
  logFile?: string;
  /** Asks it to end; default SIGTERM. */
  stopSignal?: NodeJS.Signals;
  /**
   * Called when it ends without `stop` or `kill` having been called, unless `waitForLine` is waiting: that
   * reports the end itself.
   */
  onUnexpectedExit?: (exit: ProcessExit) => void;
}

type LineMatch<T> = (line: string) => T | undefined;

export interface GuardedProcess {
  readonly name: string;
  readonly pid: number;
  /** Settles when the process has ended and its output is complete. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** The newest lines it printed, oldest first. */
  lastLines(): string[];
  /**
   * The first value other than undefined that `match` makes of a printed line, earlier lines included as
   * far as they are kept.
   * @throws {ProcessStartError} when it ends first, the deadline passes or `signal` aborts.
   */
  waitForLine<T>(
    match: (line: string) => T | undefined,
    deadlineMs: number,
    signal?: AbortSignal,
  ): Promise<T>;
  /** Sends a signal that is expected to end it. */
  kill(signal: NodeJS.Signals): Promise<ProcessExit>;
  /** Asks it to end and kills it once `deadlineMs` (default 10 s) have passed. */
  stop(deadlineMs?: number): Promise<ProcessExit>;
}

/** A part that did not become ready: says which, why, its last words and where to read all of them. */
export class ProcessStartError extends Error {
  readonly code = 'process_start_failed';

  constructor(name: string, reason: string, lastLines: readonly string[], logFile?: string) {
    const output =
      lastLines.length > 0 ? `\nIts last lines:\n${lastLines.map((l) => `  ${l}`).join('\n')}` : '';
    super(`${name} did not start: ${reason}.${output}${logFile ? `\nIts log: ${logFile}` : ''}`);
    this.name = 'ProcessStartError';
  }
}

/**
 * Starts a process that ends with this one at the latest.
 * It gets a process group of its own: Ctrl-C reaches only us, and we stop the parts in order.
 * @throws {ProcessStartError} when the program cannot be run.
 */
export async function startGuardedProcess(options: GuardedProcessOptions): Promise<GuardedProcess> {
  const { name, command, args, env, uid, gid, logFile, stopSignal = 'SIGTERM' } = options;
  const child = spawn(command, args, { cwd: '/', env, uid, gid, detached: true, stdio: 'pipe' });
  const output = collectOutput(child, logFile);
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new ProcessStartError(name, (error as Error).message, []);
  }
  const pid = child.pid as number;
  const release = guard({ kind: 'process', pid, signal: stopSignal });
  // A process that ends without reading its input is reported by its end, not by a broken pipe.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');

  let endExpected = false;
  let waiting = 0;
  const exited = Promise.all([once(child, 'exit').then(release), output.ended]).then((): ProcessExit => {
    const exit = { code: child.exitCode, signal: child.signalCode };
    if (!endExpected && waiting === 0) options.onUnexpectedExit?.(exit);
    return exit;
  });
  const send = (signal: NodeJS.Signals) => {
    endExpected = true;
    child.kill(signal);
    return exited;
  };

  return {
    name,
    pid,
    exited,
    lastLines: output.lastLines,
    kill: send,
    stop: async (deadlineMs = STOP_DEADLINE_MS) => {
      const killLate = setTimeout(send, deadlineMs, 'SIGKILL');
      return send(stopSignal).finally(() => clearTimeout(killLate));
    },
    waitForLine: (match, deadlineMs, signal) => {
      waiting += 1;
      const fail = (reason: string) => new ProcessStartError(name, reason, output.lastLines(), logFile);
      return waitForLine({ output, exited, fail }, match, deadlineMs, signal).finally(() => {
        waiting -= 1;
      });
    },
  };
}

interface Waiting {
  output: ProcessOutput;
  exited: Promise<ProcessExit>;
  fail: (reason: string) => ProcessStartError;
}

function waitForLine<T>(
  { output, exited, fail }: Waiting,
  match: LineMatch<T>,
  deadlineMs: number,
  signal?: AbortSignal,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const onLine = (line: string) => {
    const value = match(line);
    if (value !== undefined) resolve(value);
  };
  const onAbort = () => reject(fail('the start was called off'));
  const onDeadline = () => reject(fail(`it was not ready after ${deadlineMs / 1000} s`));
  const timer = setTimeout(onDeadline, deadlineMs);
  signal?.addEventListener('abort', onAbort);
  if (signal?.aborted) onAbort();
  output.subscribe(onLine);
  exited.then((exit) => {
    const how = exit.signal ? `was ended by ${exit.signal}` : `ended with code ${exit.code}`;
    reject(fail(`it ${how} before it was ready`));
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    output.unsubscribe(onLine);
  });
}
