/** Starting the service from its configuration, and stopping it. */
import { parseEnv } from '@capstan/shared/config/parse-env';
import { openPool } from '@capstan/shared/db/pool';
import { createLifecycle } from '@capstan/shared/process/lifecycle';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { createTestDatabase, type TestDatabase } from '@capstan/testing/test-database';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { buildApi } from '../src/build-api.ts';
import { apiSettings } from '../src/config.ts';

const log = createLogger('test', 'silent');
let database: TestDatabase;
let lifecycle: ReturnType<typeof createLifecycle>;

beforeEach(async () => {
  database = await createTestDatabase();
  lifecycle = createLifecycle(log);
});

afterEach(async () => {
  await lifecycle.stop();
  await database.drop();
});

function start(changes: Record<string, string> = {}): Promise<{ url: string }> {
  const config = parseEnv(apiSettings, {
    DATABASE_URL: database.url,
    QUEUE_URL: 'redis://127.0.0.1:1',
    CONOMY_BASE_URL: 'https://conomy.test/api',
    CONOMY_CLIENT_ID: 'client',
    CONOMY_CLIENT_SECRET: 'client-secret',
    CONOMY_API_KEY: 'gateway-key',
    API_KEYS: 'local:0123456789abcdef',
    CONOMY_WEBHOOK_SECRETS: 'secret',
    PORT: '0',
    ...changes,
  });
  return buildApi(config, log, lifecycle);
}

test('it starts without a queue, ready and degraded', async () => {
  const { url } = await start();
  const response = await fetch(`${url}/readyz`);

  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({ status: 'degraded' });
});

test('it remembers the provider’s environment and refuses the database of another one', async () => {
  await start();
  const other = start({ CONOMY_BASE_URL: 'https://other.test/api' });

  await expect(other).rejects.toThrow(
    /belongs to Conomy at https:\/\/conomy\.test\/api.*configured for https:\/\/other\.test\/api/,
  );
});

test('it refuses a database that lacks a migration and says what to run', async () => {
  const pool = openPool({ url: database.url, name: 'test', max: 1, log });
  await pool.query('delete from schema_migrations');
  await pool.end();

  await expect(start()).rejects.toThrow(/lacks .* migration.*pnpm db:migrate/);
});

test('with ADMIN_PORT the board and the metrics are on a server of their own, and only there', async () => {
  const info = vi.spyOn(log, 'info');
  const { url } = await start({ ADMIN_PASSWORD: 'admin-password', ADMIN_PORT: '0' });
  const started = info.mock.calls.map(([line]) => line as { event?: string; url?: string });
  const admin = started.find(({ event }) => event === 'admin.started')?.url ?? '';
  const statusOf = async (base: string, path: string) => (await fetch(`${base}${path}`)).status;

  for (const path of ['/admin/queues', '/metrics']) expect(await statusOf(url, path)).toBe(404);
  expect(await statusOf(url, '/readyz')).toBe(200);
  expect(await statusOf(admin, '/admin/queues')).toBe(401);
  expect(await statusOf(admin, '/metrics')).toBe(200);
  expect(await statusOf(admin, '/v1/commands')).toBe(404);
});
