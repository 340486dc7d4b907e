/** What the api says while PostgreSQL or the queue is away. */
import { createHmac } from 'node:crypto';
import { openPool } from '@capstan/shared/db/pool';
import { createLogger } from '@capstan/shared/telemetry/logger';
import { afterEach, expect, test } from 'vitest';
import {
  type ApiFixture,
  createCommand,
  get,
  openApi,
  postBatch,
  postCommand,
  send,
  WEBHOOK_SECRET,
} from './api-fixture.ts';

let api: ApiFixture;

afterEach(() => api.close());

/** Nothing listens on port 1. */
function poolOfNoDatabase() {
  return openPool({
    url: 'postgres://nobody@127.0.0.1:1/none',
    name: 'test',
    max: 2,
    log: createLogger('test', 'silent'),
  });
}

test('without PostgreSQL everything that needs it answers 503, and the service is not ready', async () => {
  const pool = poolOfNoDatabase();
  api = await openApi({ pool });
  const body = '{"event":"A","data":{}}';
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
  const answers = [
    await postCommand(api.app, createCommand(), 'key-1'),
    await postBatch(api.app, { commands: [{ idempotencyKey: 'key-1', ...createCommand() }] }),
    await get(api.app, '/v1/payments/any'),
    await send(api.app, {
      method: 'POST',
      url: '/webhooks/conomy',
      headers: { 'x-webhook-signature': signature },
      payload: body,
    }),
  ];

  for (const answer of answers) {
    expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable', status: 503 } });
    expect(answer.headers['retry-after']).toBeDefined();
    expect(JSON.stringify(answer.body)).not.toMatch(/ECONNREFUSED|127\.0\.0\.1|at .*\.ts/);
  }
  expect(await send(api.app, { method: 'GET', url: '/readyz' })).toMatchObject({
    status: 503,
    body: { status: 'not_ready', checks: { database: 'down', queue: 'up' } },
  });
  expect((await send(api.app, { method: 'GET', url: '/healthz' })).status).toBe(200);
  await pool.end();
});

test('without the queue the service stays ready, degraded', async () => {
  api = await openApi();
  const before = await send(api.app, { method: 'GET', url: '/readyz' });
  api.commands.isDown = true;
  const after = await send(api.app, { method: 'GET', url: '/readyz' });

  expect(before).toMatchObject({
    status: 200,
    body: { status: 'ready', checks: { database: 'up', queue: 'up' } },
  });
  expect(after).toMatchObject({
    status: 200,
    body: { status: 'degraded', checks: { database: 'up', queue: 'down' } },
  });
});

test('metrics count requests by route pattern, never by what a caller wrote', async () => {
  api = await openApi();
  await get(api.app, '/v1/payments/some-payment');
  const { body } = await send(api.app, { method: 'GET', url: '/metrics' });

  expect(body).toContain(
    'capstan_http_request_duration_seconds_count{route="/v1/payments/:reference",method="GET",status="404"} 1',
  );
  expect(body).not.toContain('some-payment');
});
