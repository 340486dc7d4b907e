import type { FastifyInstance } from 'fastify';
import type { Registry } from '../telemetry/metrics.ts';
import { type HealthChecks, readiness } from './health-checks.ts';

export interface HealthRoutesOptions {
  checks: HealthChecks;
  registry: Registry;
}

/**
 * The three routes every service has: `/healthz` (the process answers), `/readyz` (503 without PostgreSQL, with
 * a queue that may drop jobs or while stopping, 200 `degraded` without the queue) and `/metrics` (Prometheus text).
 */
export function addHealthRoutes(app: FastifyInstance, { checks, registry }: HealthRoutesOptions): void {
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const ready = await readiness(checks);
    return reply.code(ready.status === 'not_ready' ? 503 : 200).send(ready);
  });
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
