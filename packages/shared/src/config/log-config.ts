import { queueKindOf } from '../queue/backend.ts';
import type { Logger } from '../telemetry/logger.ts';
import { type Settings, summarizeConfig } from './parse-env.ts';

/** One line with everything that was configured, secrets as `configured`, and a warning for what is not for production. */
export function logConfig(
  log: Logger,
  settings: Settings,
  config: { readonly QUEUE_URL: string; readonly NODE_ENV: string },
): void {
  log.info(
    { event: 'service.configured', config: summarizeConfig(settings, { ...config }) },
    'configuration',
  );
  if (config.NODE_ENV === 'production' && queueKindOf(config.QUEUE_URL) === 'postgres') {
    log.warn(
      { event: 'service.queue_not_for_production' },
      'QUEUE_URL names PostgreSQL: that backend is for development, demos and one small machine. Use redis:// or rediss:// in production.',
    );
  }
}
