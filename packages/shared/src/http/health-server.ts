import { fastify } from 'fastify';
import type { Logger } from '../telemetry/logger.ts';
import type { Registry } from '../telemetry/metrics.ts';
import { prepareClose } from './close-in-order.ts';
import { guardAnswers } from './guard-answers.ts';
import type { HealthChecks } from './health-checks.ts';
import { addHealthRoutes, addMetricsRoute } from './health-routes.ts';

export interface HealthServerOptions {
  checks: HealthChecks;
  registry: Registry;
  host: string;
  /** 0 takes any free port. */
  port: number;
  log: Logger;
}

export interface HealthServer {
  /** Where it listens, with the port it really has. */
  url: string;
  close(): Promise<void>;
}

/** Health and metrics of a service that has no other HTTP interface. */
export async function startHealthServer({
  host,
  port,
  log,
  checks,
  registry,
}: HealthServerOptions): Promise<HealthServer> {
  const app = fastify({ return503OnClosing: false });
  app.setErrorHandler(async (error, _request, reply) => {
    log.error({ event: 'health.failed', err: error }, 'a health route failed');
    return reply.code(500).send({ status: 'failed' });
  });
  guardAnswers(app);
  addHealthRoutes(app, checks);
  addMetricsRoute(app, registry);
  const close = prepareClose(app, 0);
  return { url: await app.listen({ host, port }), close };
}
