import type { Listener } from './announcements.ts';

/** A lost announcement costs at most this much: everyone who waits also looks by themselves. */
const LOOK_AGAIN_MS = 1_000;

export interface Wait<T> {
  listener: Pick<Listener, 'next'>;
  /** What the announcement waited for is about. */
  key: string;
  waitMs: number;
  /** Aborted when nobody waits for the answer any more, or the server stops. */
  signal: AbortSignal;
  /** Reads the current state. */
  look: () => Promise<T>;
  isDone: (state: T) => boolean;
}

/**
 * One look for all who ask at the same time, however many an announcement wakes. Who asks while a look is under way shares
 * the next one: that one may have begun before what it is to see.
 */
export function shareLook<T>(look: () => Promise<T>): () => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | null = null;
  return () => {
    if (next === null) {
      next = last.then(() => {
        next = null;
        return look();
      });
      last = next.catch(() => {});
    }
    return next;
  };
}

/**
 * Looks until the state is done or time is up, and returns what was seen last. It always listens before it looks,
 * so that what is announced between the two is not missed.
 */
export async function waitForAnnouncement<T>({
  listener,
  key,
  waitMs,
  signal,
  look,
  isDone,
}: Wait<T>): Promise<T> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const over = new AbortController();
    const leftMs = Math.max(deadline - performance.now(), 0);
    const announced = listener.next(
      key,
      Math.min(leftMs, LOOK_AGAIN_MS),
      AbortSignal.any([signal, over.signal]),
    );
    try {
      const state = await look();
      if (isDone(state) || leftMs === 0 || signal.aborted) return state;
      await announced;
    } finally {
      over.abort();
    }
  }
}
