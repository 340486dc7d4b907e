import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** What `pnpm dev` writes once it is ready, as far as commands need it. */
const stackFile = z.object({
  api: z.tuple([z.object({ url: z.string() })], z.unknown()),
  postgres: z.object({ url: z.string() }),
  queue: z.object({ url: z.string() }),
  conomy: z.object({
    baseUrl: z.string(),
    apiKey: z.string(),
    clientId: z.string(),
    clientSecret: z.string(),
  }),
});
type StackFile = z.infer<typeof stackFile>;

const STACK_FILE = '.local/stack.json';
const ANSWER_MS_MAX = 2_000;
/** Whoever sets one of these has a configuration of their own, whole or not: nothing is mixed into it. */
const OWN = ['DATABASE_URL', 'CONOMY_BASE_URL', 'CONOMY_CLIENT_ID', 'CONOMY_API_KEY'];

/**
 * The configuration of a command: the caller's own, or where there is none, that of the `pnpm dev` that runs in this folder or
 * above it. `dev` is where that one's API is; null when the environment is the caller's.
 */
export async function findEnvironment(
  env: NodeJS.ProcessEnv,
  folder: string,
): Promise<{ env: NodeJS.ProcessEnv; dev: string | null }> {
  if (OWN.some((name) => env[name] || env[`${name}_FILE`])) return { env, dev: null };
  const stack = await findRunningDev(folder);
  if (stack === null) return { env, dev: null };
  const { postgres, queue, conomy, api } = stack;
  return {
    dev: api[0].url,
    env: {
      ...env,
      DATABASE_URL: postgres.url,
      QUEUE_URL: queue.url,
      CONOMY_BASE_URL: conomy.baseUrl,
      CONOMY_API_KEY: conomy.apiKey,
      CONOMY_CLIENT_ID: conomy.clientId,
      CONOMY_CLIENT_SECRET: conomy.clientSecret,
    },
  };
}

async function findRunningDev(folder: string): Promise<StackFile | null> {
  const stack = await readStack(join(folder, STACK_FILE));
  if (stack !== null && (await answers(stack.api[0].url))) return stack;
  const above = dirname(folder);
  return above === folder ? null : findRunningDev(above);
}

/** Null when it is not there, or is something else. */
async function readStack(path: string): Promise<StackFile | null> {
  try {
    return stackFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })).ok;
  } catch {
    return false;
  }
}
