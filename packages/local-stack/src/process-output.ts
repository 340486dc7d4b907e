import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';

const LAST_LINES_MAX = 40;

type Subscriber = (line: string) => void;

/** What a child process prints, both streams, line by line. */
export interface ProcessOutput {
  /** The newest lines, oldest first. */
  lastLines(): string[];
  /** Hands over every line from now on, and before that the kept ones. */
  subscribe(subscriber: Subscriber): void;
  unsubscribe(subscriber: Subscriber): void;
  /** Settles when both streams have ended. */
  readonly ended: Promise<unknown>;
}

/** Keeps the last lines in memory and adds all of them to `logFile`. */
export function collectOutput(
  child: ChildProcessWithoutNullStreams,
  logFile: string | undefined,
): ProcessOutput {
  const lastLines: string[] = [];
  const subscribers = new Set<Subscriber>();
  const log = logFile === undefined ? undefined : openLog(logFile);
  const onLine = (line: string) => {
    lastLines.push(line);
    if (lastLines.length > LAST_LINES_MAX) lastLines.shift();
    log?.write(`${line}\n`);
    for (const subscriber of subscribers) subscriber(line);
  };
  const streamsEnded = [child.stdout, child.stderr].map((input) =>
    once(createInterface({ input }).on('line', onLine), 'close'),
  );
  return {
    lastLines: () => [...lastLines],
    subscribe: (subscriber) => {
      for (const line of lastLines) subscriber(line);
      subscribers.add(subscriber);
    },
    unsubscribe: (subscriber) => subscribers.delete(subscriber),
    ended: Promise.all(streamsEnded).then(() => finishLog(log)),
  };
}

function openLog(logFile: string) {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile, { flags: 'a' });
  // A full disk must not take the stack down; the newest lines are kept in memory anyway.
  return log.on('error', () => {});
}

async function finishLog(log: ReturnType<typeof openLog> | undefined): Promise<void> {
  if (!log || log.destroyed) return;
  log.end();
  await once(log, 'close').catch(() => {});
}
