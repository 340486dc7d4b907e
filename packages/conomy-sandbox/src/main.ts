import { ConfigError, parseEnv, summarizeConfig } from '@capstan/shared/config/parse-env';
import { createLifecycle, stopOnSignals } from '@capstan/shared/process/lifecycle';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { SANDBOX_SETTINGS } from './config.ts';
import { startSandbox } from './start-sandbox.ts';

const DRAIN_MS_MAX = 5_000;

async function main(): Promise<void> {
  const config = parseEnv(SANDBOX_SETTINGS, process.env);
  const log = createLogger('conomy-sandbox', config.LOG_LEVEL);
  const lifecycle = createLifecycle(log);
  stopOnSignals(lifecycle, log, DRAIN_MS_MAX);
  const sandbox = await startSandbox({
    host: config.HOST,
    port: config.PORT,
    credentials: {
      apiKey: config.SANDBOX_API_KEY,
      clientId: config.SANDBOX_CLIENT_ID,
      clientSecret: config.SANDBOX_CLIENT_SECRET,
    },
    tokenLifetimeS: config.SANDBOX_TOKEN_LIFETIME_S,
    timers: {
      capturedToReceivedMs: config.SANDBOX_CAPTURED_TO_RECEIVED_MS,
      receivedToSettledMs: config.SANDBOX_RECEIVED_TO_SETTLED_MS,
    },
    webhook: { url: config.SANDBOX_WEBHOOK_URL, secret: config.SANDBOX_WEBHOOK_SECRET },
    log,
  });
  lifecycle.onStop('sandbox', sandbox.close);
  const summary = summarizeConfig(SANDBOX_SETTINGS, config);
  log.info({ event: 'service.started', url: sandbox.url, config: summary }, 'the sandbox listens');
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConfigError ? error.message : (error as Error).stack}\n`);
  process.exit(1);
});
