import { collectDefaultMetrics, Registry } from '@prometheus-io/client';

export { Counter, Histogram, Registry } from '@prometheus-io/client';

/** A registry of its own per service, with the process's memory, CPU and event-loop lag in it. */
export function createRegistry(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}
