import type { FastifyInstance } from 'fastify';
import type { Registry } from '../telemetry/metrics.ts';
import { type HealthChecks, readiness } from './health-checks.ts';

/**
 * `/healthz` (the process answers) and `/readyz` (503 without PostgreSQL, with a queue that may drop jobs or while
 * stopping, 200 `degraded` without the queue or with one that somebody holds).
 */
export function addHealthRoutes(app: FastifyInstance, checks: HealthChecks): void {
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const ready = await readiness(checks);
    return reply.code(ready.status === 'not_ready' ? 503 : 200).send(ready);
  });
}

/** `/metrics`, as Prometheus text. */
export function addMetricsRoute(app: FastifyInstance, registry: Registry): void {
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
