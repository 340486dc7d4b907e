import { setTimeout as wait } from 'node:timers/promises';
import { inspect } from 'node:util';

const INTERVAL_MS = 20;

export interface UntilOptions {
  deadlineMs: number;
  /** What is waited for, completing "waited for …". */
  what: string;
}

/**
 * Repeats `probe` until it returns something truthy, and returns that. A probe that throws, as an
 * assertion does, is repeated too.
 * @throws at the deadline, with the last value or error seen.
 */
export async function until<T>(
  probe: () => T | Promise<T>,
  { deadlineMs, what }: UntilOptions,
): Promise<Exclude<T, null | undefined | false | 0 | ''>> {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const seen = await look(probe);
    if ('value' in seen && seen.value) return seen.value as Exclude<T, null | undefined | false | 0 | ''>;
    if (performance.now() >= deadline) throw explain(seen, what, deadlineMs);
    await wait(INTERVAL_MS);
  }
}

type Seen<T> = { value: T } | { error: unknown };

async function look<T>(probe: () => T | Promise<T>): Promise<Seen<T>> {
  try {
    return { value: await probe() };
  } catch (error) {
    return { error };
  }
}

function explain(seen: Seen<unknown>, what: string, deadlineMs: number): Error {
  const waited = `Waited ${deadlineMs} ms for ${what}`;
  if ('error' in seen) {
    const message = seen.error instanceof Error ? seen.error.message : String(seen.error);
    return new Error(`${waited}; the last try failed: ${message}`, { cause: seen.error });
  }
  return new Error(`${waited}; last seen: ${inspect(seen.value, { depth: 6 })}`);
}
