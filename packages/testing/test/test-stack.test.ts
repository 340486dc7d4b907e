import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { startTestStack } from '../src/test-stack.ts';
import { until } from '../src/until.ts';

const NO_SERVICES = { api: 0, capturers: 0, reconcilers: 0 };

async function countTables(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query(
      `select count(*)::int as n from pg_tables where schemaname = 'public'`,
    );
    return rows[0].n;
  } finally {
    await client.end();
  }
}

test('a stack has a sandbox and a migrated database, and takes both with it when it stops', async () => {
  const stack = await startTestStack(NO_SERVICES);
  const { info } = stack;
  expect(await countTables(info.postgres.url)).toBeGreaterThan(0);
  expect(await (await fetch(`${info.sandbox.url}/_sandbox/ledger`)).json()).toMatchObject({ payments: [] });
  await Promise.all([stack.stop(), stack.stop()]);
  await expect(countTables(info.postgres.url)).rejects.toThrow('does not exist');
  await expect(fetch(info.sandbox.url)).rejects.toThrow();
});

test('services answer for their health, also after one was killed and the queue was lost', async () => {
  const stack = await startTestStack({ ...NO_SERVICES, capturers: 2, reconcilers: 1 });
  const [killed] = stack.capturers;
  await killed?.kill('SIGKILL');
  await stack.queue.flush();
  await killed?.restart();
  for (const { url } of [...stack.info.capturer, ...stack.info.reconciler]) {
    const isReady = async () => (await fetch(`${url}/readyz`)).ok;
    await until(isReady, { deadlineMs: 10_000, what: `${url} to be ready` });
  }
  expect(stack.capturers.map(({ name }) => name)).toEqual(['capturer-1', 'capturer-2']);
  await stack.stop();
});

test('a restarted part shows with its new pid at the same url', async () => {
  const stack = await startTestStack(NO_SERVICES);
  const before = stack.info.sandbox;
  await stack.sandbox.kill('SIGKILL');
  await stack.sandbox.restart();
  const after = stack.info.sandbox;
  expect(after.url).toBe(before.url);
  expect(after.pid).not.toBe(before.pid);
  await stack.stop();
});

test('a server of the stack’s own can be ended and started again', async () => {
  const stack = await startTestStack({ ...NO_SERVICES, postgres: 'own' });
  const tables = await countTables(stack.databaseUrl);
  await stack.postgres?.kill('SIGINT');
  await expect(countTables(stack.databaseUrl)).rejects.toThrow('ECONNREFUSED');
  await stack.postgres?.restart();
  expect(await countTables(stack.databaseUrl)).toBe(tables);
  await stack.stop();
});

test('a part that ends by itself is reported with its log', async () => {
  const reported: { name: string; logFile: string }[] = [];
  const stack = await startTestStack({ ...NO_SERVICES, onUnexpectedExit: (part) => reported.push(part) });
  process.kill(stack.sandbox.pid, 'SIGKILL');
  await until(() => reported.length, { deadlineMs: 5_000, what: 'the report of the end' });
  expect(reported).toMatchObject([{ name: 'sandbox', exit: { code: null, signal: 'SIGKILL' } }]);
  expect(existsSync(reported[0]?.logFile ?? '')).toBe(true);
  await stack.stop();
});

test('a part that cannot start stops the others and is named with its reason and its log', async () => {
  const started = startTestStack({ ...NO_SERVICES, env: { sandbox: { SANDBOX_API_KEY: '' } } });
  const error = await started.catch((reason: Error) => reason);
  expect(error).toBeInstanceOf(Error);
  const { message } = error as Error;
  expect(message).toMatch(/^sandbox did not start: it ended with code 1[\s\S]*SANDBOX_API_KEY/);
  const log = /Its log: (.*)/.exec(message)?.[1] ?? '';
  expect(readdirSync(dirname(log))).toContain('sandbox.log');
});
