import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Stack } from '@capstan/local-stack/stack';

const ENTRY = fileURLToPath(new URL('../../services/reconciler/src/capstan.ts', import.meta.url));

/** Runs the command line in a folder with nothing set but `env`. */
export function runCapstanIn(
  cwd: string,
  args: readonly string[],
  env: Record<string, string | undefined> = {},
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, ['--conditions=source', ENTRY, ...args], {
    cwd,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const { promise, resolve } = Promise.withResolvers<{ code: number | null; output: string }>();
  child.on('close', (code) => resolve({ code, output }));
  return promise;
}

/** Runs the command line against a stack, as an operator does; resolves with its exit code and what it printed. */
export function runCapstan(
  stack: Stack,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const { conomy, queue } = stack.info;
  return runCapstanIn(process.cwd(), args, {
    DATABASE_URL: stack.databaseUrl,
    QUEUE_URL: queue.url,
    CONOMY_BASE_URL: conomy.baseUrl,
    CONOMY_API_KEY: conomy.apiKey,
    CONOMY_CLIENT_ID: conomy.clientId,
    CONOMY_CLIENT_SECRET: conomy.clientSecret,
    ...env,
  });
}
