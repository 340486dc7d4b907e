import { logConfig } from '../config/log-config.ts';
import { ConfigError, type Parsed, parseEnv, type Settings } from '../config/parse-env.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { createLifecycle, type Lifecycle, stopOnSignals } from './lifecycle.ts';

/** What every service's configuration holds beside its own settings. */
interface CommonConfig {
  readonly LOG_LEVEL: string;
  readonly DRAIN_TIMEOUT_MS: number;
  readonly QUEUE_URL: string;
  readonly NODE_ENV: string;
}

/**
 * The life of a service process: configuration → log → `build` → one `service.started` line → run until told to
 * stop. Whatever stops the start is said in one line and ends the process with 1.
 */
export async function runService<S extends Settings>(
  name: string,
  settings: S,
  build: (config: Parsed<S>, log: Logger, lifecycle: Lifecycle) => Promise<{ url: string }>,
): Promise<void> {
  const config = readConfigOrExit(settings);
  const common = config as unknown as CommonConfig;
  const log = createLogger(name, common.LOG_LEVEL);
  const lifecycle = createLifecycle(log);
  exitOnProgrammerError(log);
  logConfig(log, settings, common);
  stopOnSignals(lifecycle, log, common.DRAIN_TIMEOUT_MS);
  try {
    const { url } = await build(config, log, lifecycle);
    log.info({ event: 'service.started', url }, `${name} is ready at ${url}`);
  } catch (error) {
    log.fatal({ event: 'service.start_failed', err: error }, (error as Error).message);
    await lifecycle.stop();
    process.exit(1);
  }
}

function readConfigOrExit<S extends Settings>(settings: S): Parsed<S> {
  try {
    return parseEnv(settings, process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** An error nobody expected leaves unknown state behind; a new process starts from the tables. */
function exitOnProgrammerError(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ event: 'service.crashed', err: error }, error.message);
    process.exit(1);
  });
}
