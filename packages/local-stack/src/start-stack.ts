import { setMaxListeners } from 'node:events';
import { chooseQueue } from './private-queue.ts';
import type { ServiceProcess } from './service-process.ts';
import type { Stack, StackInfo, StackOptions } from './stack.ts';
import { conomyBaseUrl, createStackSecrets, type StackSecrets } from './stack-environment.ts';
import {
  type StackDatabase,
  type Start,
  startDatabase,
  startSandbox,
  startServices,
  startStackQueue,
} from './stack-parts.ts';
import { createStopList, startTogether } from './start-together.ts';

/**
 * Starts PostgreSQL, the queue, the sandbox and the services, and connects them. The caller's
 * `DATABASE_URL`, `QUEUE_URL` and `CONOMY_*` are not looked at.
 * @throws when a part does not start, saying which, why and where its log is; everything that had started
 * is stopped by then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const start: Start = {
    options,
    secrets: createStackSecrets(),
    stops: createStopList(),
    callOff: new AbortController(),
    progress: options.onProgress ?? (() => {}),
  };
  // Every part listens; Node takes more than ten listeners for a leak.
  setMaxListeners(0, start.callOff.signal);
  const callOff = () => start.callOff.abort();
  options.signal?.addEventListener('abort', callOff);
  try {
    options.signal?.throwIfAborted();
    return await startParts(start);
  } catch (error) {
    // The reason of the failure matters more than what else went wrong while cleaning up after it.
    await start.stops.stopAll().catch(() => {});
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', callOff);
  }
}

async function startParts(start: Start): Promise<Stack> {
  const choice = start.options.queue ?? chooseQueue(process.env);
  const databaseStarting = startDatabase(start);
  const [database, queue, sandbox] = await startTogether(
    [databaseStarting, startStackQueue(start, choice, databaseStarting), startSandbox(start)],
    start.callOff,
  );
  const services = await startServices(start, {
    databaseUrl: database.url,
    queueUrl: queue.url,
    sandboxUrl: sandbox.url,
  });
  const stack: Stack = {
    databaseUrl: database.url,
    postgres: 'stop' in database.server ? database.server : undefined,
    queue,
    sandbox,
    ...services,
    get info() {
      return describeStack(stack, database, start.secrets);
    },
    stop: () => start.stops.stopAll(),
  };
  await directWebhooks(stack, start.secrets);
  return stack;
}

/** The sandbox starts before the API has an address, so it is told afterwards where webhooks go. */
async function directWebhooks({ apis, sandbox }: Stack, secrets: StackSecrets): Promise<void> {
  const [api] = apis;
  if (!api) return;
  const webhook = { url: `${api.url}/webhooks/conomy`, secret: secrets.webhookSecret, form: 'body' };
  const response = await fetch(`${sandbox.url}/_sandbox/config`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ webhook }),
  });
  if (!response.ok) {
    throw new Error(
      `The sandbox refused its webhook settings (${response.status}): ${await response.text()}`,
    );
  }
}

function describeStack(stack: Stack, database: StackDatabase, secrets: StackSecrets): StackInfo {
  const { pid } = stack.queue;
  return {
    api: stack.apis.map(place),
    capturer: stack.capturers.map(place),
    reconciler: stack.reconcilers.map(place),
    sandbox: place(stack.sandbox),
    postgres: { url: database.url, pid: database.server.pid },
    queue: { url: stack.queue.url, ...(pid === undefined ? {} : { pid }) },
    apiKey: secrets.apiKey,
    webhookSecret: secrets.webhookSecret,
    conomy: { baseUrl: conomyBaseUrl(stack.sandbox.url), ...secrets.conomy },
    admin: { user: 'admin', password: secrets.adminPassword },
  };
}

function place({ url, pid }: ServiceProcess): { url: string; pid: number } {
  return { url, pid };
}
