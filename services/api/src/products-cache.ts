import type { ProviderFailure, ProviderResult } from '@capstan/shared/provider/payment-provider';

/** An answer of the provider with the instant at which it was read. */
export type CachedAnswer<T> = { ok: true; value: T; asOf: Date } | { ok: false; failure: ProviderFailure };

/** Reads through the cache; `load` is called only when no fresh answer is held. */
export type CachedRead<T> = (key: string, load: () => Promise<ProviderResult<T>>) => Promise<CachedAnswer<T>>;

interface Entry<T> {
  held?: { value: T; readAtMs: number };
  failed?: { failure: ProviderFailure; atMs: number };
  flight?: Promise<void>;
}

/** Callers choose the keys, so their number has a bound; the least recently used go first. */
const ENTRIES_MAX = 1_000;
/** After a failed read the next one waits this long, so that an outage costs each caller nothing but the first. */
const HOLD_OFF_MS = 5_000;

/**
 * Keeps answers for `ttlMs` and shares one read between all who want it. When a read fails, the answer before it is
 * given on, however old: its `asOf` says so. A clear refusal is not covered up like that.
 */
export function createReadCache<T>(ttlMs: number, clock: { now(): number }): CachedRead<T> {
  const entries = new Map<string, Entry<T>>();

  function touch(key: string): Entry<T> {
    const entry = entries.get(key) ?? {};
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size > ENTRIES_MAX) entries.delete(entries.keys().next().value as string);
    return entry;
  }

  async function refresh(entry: Entry<T>, load: () => Promise<ProviderResult<T>>): Promise<void> {
    const readAtMs = clock.now();
    const result = await load();
    if (result.ok) {
      entry.held = { value: result.value, readAtMs };
      entry.failed = undefined;
    } else {
      entry.failed = { failure: result.failure, atMs: clock.now() };
      if (isRefusal(result.failure)) entry.held = undefined;
    }
  }

  return async (key, load) => {
    const entry = touch(key);
    const { held, failed } = entry;
    const isFresh = held !== undefined && clock.now() - held.readAtMs < ttlMs;
    const isHeldOff = failed !== undefined && clock.now() - failed.atMs < HOLD_OFF_MS;
    if (!isFresh && !isHeldOff) {
      entry.flight ??= refresh(entry, load).finally(() => {
        entry.flight = undefined;
      });
      await entry.flight;
    }
    if (entry.held) return { ok: true, value: entry.held.value, asOf: new Date(entry.held.readAtMs) };
    if (entry.failed) return { ok: false, failure: entry.failed.failure };
    throw new Error(`the read of ${key} ended without an answer or a failure`);
  };
}

/** The provider said no to what was asked, which an older answer must not hide. */
function isRefusal({ stage, httpStatus = 0 }: ProviderFailure): boolean {
  return stage === 'answered' && [400, 403, 404, 422, 501].includes(httpStatus);
}
