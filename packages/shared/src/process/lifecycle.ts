import type { Logger } from '../telemetry/logger.ts';

/** What a service starts is registered here and stopped last in, first out. */
export interface Lifecycle {
  /** `stop` finishes the work under way; it is called once, after everything registered later has stopped. */
  onStop(name: string, stop: () => Promise<void> | void): void;
  /** True once it has begun to stop: whoever can go elsewhere should. */
  isStopping(): boolean;
  stop(): Promise<void>;
}

export function createLifecycle(log: Logger): Lifecycle {
  const stops: { name: string; stop: () => Promise<void> | void }[] = [];
  let stopping: Promise<void> | undefined;
  const stopAll = async () => {
    for (const { name, stop } of stops.reverse()) {
      try {
        await stop();
      } catch (error) {
        log.error({ event: 'service.stop_failed', part: name, err: error }, `${name} did not stop cleanly`);
      }
    }
  };
  return {
    onStop: (name, stop) => stops.push({ name, stop }),
    isStopping: () => stopping !== undefined,
    stop: () => {
      stopping ??= stopAll();
      return stopping;
    },
  };
}

/**
 * Runs a service until it is told to stop: the first SIGTERM or SIGINT finishes the work under way within
 * `drainMsMax`, a second one ends the process at once. Nothing is lost either way: claims time out and
 * another worker takes over.
 */
export function stopOnSignals(lifecycle: Lifecycle, log: Logger, drainMsMax: number): void {
  let stopping = false;
  const onSignal = async (signal: NodeJS.Signals) => {
    if (stopping) {
      log.warn({ event: 'service.aborted', signal }, 'second signal: stopping at once');
      process.exit(1);
    }
    stopping = true;
    log.info({ event: 'service.stopping', signal }, 'finishing the work under way');
    const deadline = setTimeout(() => {
      log.warn({ event: 'service.drain_timeout', drainMsMax }, 'work under way did not finish in time');
      process.exit(1);
    }, drainMsMax);
    await lifecycle.stop();
    clearTimeout(deadline);
    log.info({ event: 'service.stopped' }, 'stopped');
    process.exit(0);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
