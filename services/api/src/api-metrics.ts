import { Counter, Histogram, type Registry } from '@capstan/shared/telemetry/metrics';

export type ApiMetrics = ReturnType<typeof createApiMetrics>;

/** What the api counts. Labels are closed sets; nothing a caller chose becomes one. */
export function createApiMetrics(registry: Registry) {
  const registers = [registry];
  return {
    requests: new Histogram({
      name: 'capstan_http_request_duration_seconds',
      help: 'Time to answer, by route pattern, method and status; long polls included.',
      labelNames: ['route', 'method', 'status'] as const,
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    }),
    commands: new Counter({
      name: 'capstan_commands_received_total',
      help: 'Well-formed commands by what became of them: accepted, replayed or the code of the refusal.',
      labelNames: ['result'] as const,
      registers,
    }),
    deliveries: new Counter({
      name: 'capstan_webhook_deliveries_total',
      help: 'Webhook deliveries: stored, repeated, or why they did not verify.',
      labelNames: ['result'] as const,
      registers,
    }),
  };
}
