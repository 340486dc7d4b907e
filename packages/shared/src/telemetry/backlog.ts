import { Gauge, type Registry } from '@prometheus-io/client';
import type { Logger } from './logger.ts';

/** How much of one sort waits for its end, and how long the oldest has. */
export interface Backlog {
  sort: string;
  count: number;
  oldestSeconds: number;
}

/** The two gauges of a backlog, `<name>` and `<name>_oldest_seconds`. */
export interface BacklogGauges {
  name: string;
  /** What a sort is, as the label says it. */
  label: string;
  help: string;
  oldestHelp: string;
  ask: () => Promise<Backlog[]>;
}

/**
 * Asked of the database whenever the metrics are read, so every copy of a service tells the same; while it cannot be
 * asked, the two gauges are absent.
 */
export function measureBacklog(registry: Registry, gauges: BacklogGauges, log: Logger): void {
  let asking: Promise<Backlog[]> | null = null;
  /** Both gauges are read at once and share one question. */
  const ask = () => {
    asking ??= gauges
      .ask()
      .catch((error: Error) => {
        log.debug({ event: 'metrics.not_measured', err: error }, `${gauges.name} could not be counted`);
        return [];
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  };
  const gauge = (name: string, help: string, tell: (backlog: Backlog) => number) =>
    new Gauge({
      name,
      help,
      labelNames: [gauges.label],
      registers: [registry],
      async collect() {
        const backlogs = await ask();
        this.reset();
        for (const backlog of backlogs) this.set({ [gauges.label]: backlog.sort }, tell(backlog));
      },
    });
  gauge(gauges.name, gauges.help, ({ count }) => count);
  gauge(`${gauges.name}_oldest_seconds`, gauges.oldestHelp, ({ oldestSeconds }) => oldestSeconds);
}
