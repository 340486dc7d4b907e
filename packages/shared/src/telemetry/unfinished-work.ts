import { Gauge, type Registry } from 'prom-client';
import type { Pool } from '../db/pool.ts';
import { countUnfinished, type UnfinishedCommands } from '../db/unfinished.ts';
import type { Logger } from './logger.ts';

/**
 * How many commands have not ended and how long the oldest has waited. Asked of the database whenever the metrics are
 * read, so every copy of a service tells the same; while it cannot be asked, the two are absent.
 */
export function measureUnfinishedWork(registry: Registry, pool: Pool, log: Logger): void {
  let asking: Promise<UnfinishedCommands[]> | null = null;
  /** Both gauges are read at once and share one question. */
  const ask = () => {
    asking ??= countUnfinished(pool)
      .catch((error: Error) => {
        log.debug({ event: 'metrics.not_measured', err: error }, 'unfinished commands could not be counted');
        return [];
      })
      .finally(() => {
        asking = null;
      });
    return asking;
  };
  const gauge = (name: string, help: string, tell: (row: UnfinishedCommands) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['status'],
      registers: [registry],
      async collect() {
        const rows = await ask();
        this.reset();
        for (const row of rows) this.set({ status: row.status }, tell(row));
      },
    });
  gauge(
    'capstan_unfinished_commands',
    'Commands that have not ended, by status.',
    ({ commands }) => commands,
  );
  gauge(
    'capstan_unfinished_commands_oldest_seconds',
    'Age of the oldest of them: an unresolved one since its call ended, any other since it was accepted.',
    ({ oldestSeconds }) => oldestSeconds,
  );
}
