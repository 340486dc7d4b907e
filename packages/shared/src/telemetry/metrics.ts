import { collectDefaultMetrics, Registry } from 'prom-client';

/** A registry of its own per service, with the process's memory, CPU and event-loop lag in it. */
export function createMetrics(): { registry: Registry } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return { registry };
}
