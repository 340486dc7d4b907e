/** What has been started and must be stopped, last in, first out. */
export interface StopList {
  add(stop: () => Promise<unknown>): void;
  /** Stops everything once, however often it is called. @throws AggregateError of what did not stop. */
  stopAll(): Promise<void>;
}

export function createStopList(): StopList {
  const stops: (() => Promise<unknown>)[] = [];
  let stopping: Promise<void> | undefined;
  const stopAll = async () => {
    const errors: unknown[] = [];
    for (const stop of stops.reverse()) {
      try {
        await stop();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `Did not stop cleanly: ${errors.join('; ')}`);
  };
  return {
    add: (stop) => stops.push(stop),
    stopAll: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

/**
 * Waits for parts that are being started at the same time. The first failure calls the others off; it is
 * thrown once all have settled, so that whatever had started by then is known and can be stopped.
 */
export async function startTogether<const T extends readonly Promise<unknown>[]>(
  parts: T,
  callOff: AbortController,
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  const all = Promise.all(parts);
  try {
    return (await all) as { -readonly [I in keyof T]: Awaited<T[I]> };
  } catch (error) {
    callOff.abort();
    await Promise.allSettled(parts);
    throw error;
  }
}
