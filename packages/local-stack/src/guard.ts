import { spawn } from 'node:child_process';
import { extname } from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/**
 * What must not outlive this process. `signal` asks the process to end; one that does not is killed.
 * Files and directories are removed once every guarded process is gone.
 */
export type Guarded =
  | { kind: 'process'; pid: number; signal: NodeJS.Signals }
  | { kind: 'files'; path: string };

/** What the watchdog reads from its standard input, one JSON document per line. */
export type WatchdogMessage = { id: number; guarded: Guarded } | { id: number; released: true };

const guardedById = new Map<number, Guarded>();
let nextId = 1;
let watchdogInput: Writable | undefined;

/**
 * Has `guarded` ended or removed when this process ends, in whatever way it ends: return, throw, signal
 * or SIGKILL. A small child process holds a pipe to this one and acts at its end of file, because no exit
 * hook of our own runs after a SIGKILL.
 * Returns the release, to be called once the process has ended or the directory is gone.
 */
export function guard(guarded: Guarded): () => void {
  const id = nextId++;
  watchdogInput ??= startWatchdog();
  guardedById.set(id, guarded);
  tell({ id, guarded });
  return () => release(id);
}

function release(id: number): void {
  if (!guardedById.delete(id)) return;
  tell({ id, released: true });
  if (guardedById.size > 0) return;
  watchdogInput?.end();
  watchdogInput = undefined;
}

function tell(message: WatchdogMessage): void {
  watchdogInput?.write(`${JSON.stringify(message)}\n`);
}

function startWatchdog(): Writable {
  const script = fileURLToPath(new URL(`./watchdog${extname(import.meta.url)}`, import.meta.url));
  const child = spawn(process.execPath, [script], {
    cwd: '/',
    env: {},
    // A group of its own: Ctrl-C in the terminal must not end the watchdog before its work.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Guarding must neither keep this process alive nor break it: a lost watchdog shows as a leaked process.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  if ('unref' in child.stdin && typeof child.stdin.unref === 'function') child.stdin.unref();
  return child.stdin;
}
