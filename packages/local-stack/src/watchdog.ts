/**
 * Runs as a child of a process that started others and ends them once that process is gone.
 * It learns of the end by end of file on its standard input (see guard.ts).
 */
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import type { Guarded, WatchdogMessage } from './guard.ts';

const DEADLINE_MS = 5_000;
const POLL_MS = 25;

const guardedById = new Map<number, Guarded>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

for await (const line of createInterface({ input: process.stdin })) {
  const message: WatchdogMessage = JSON.parse(line);
  if ('guarded' in message) guardedById.set(message.id, message.guarded);
  else guardedById.delete(message.id);
}

const left = [...guardedById.values()];
const processes = left.filter((guarded) => guarded.kind === 'process');
for (const { pid, signal } of processes) send(pid, signal);
const deadline = Date.now() + DEADLINE_MS;
while (Date.now() < deadline && processes.some(({ pid }) => send(pid, 0))) await wait(POLL_MS);
for (const { pid } of processes) send(pid, 'SIGKILL');
for (const guarded of left) {
  if (guarded.kind === 'files') rmSync(guarded.path, { recursive: true, force: true, maxRetries: 20 });
}

/** False when the process is gone. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
