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

test.each(['25006', '25P03', '40001', '53100', '55P03', '57014', '57P01', '58030'])(
  'what PostgreSQL cannot do now (%s) is answered 503 with a time to come again, and done when it can',
  async (code) => {
    api = await openApi();
    await api.pool.query(
      `create function not_now() returns trigger language plpgsql as
         $$ begin raise exception 'made by the test' using errcode = '${code}'; end $$`,
    );
    for (const table of ['commands', 'webhook_deliveries'])
      await api.pool.query(`create trigger not_now before insert on ${table} execute function not_now()`);
    const body = '{"event":"A","data":{}}';
    const signature = createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex');
    const headers = { 'x-webhook-signature': signature };
    const hand = [
      () => postCommand(api.app, createCommand(), 'key-1'),
      () => send(api.app, { method: 'POST', url: '/webhooks/conomy', headers, payload: body }),
    ];
    for (const answer of await Promise.all(hand.map((deliver) => deliver()))) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
      expect(answer.headers['retry-after']).toBeDefined();
    }
    for (const table of ['commands', 'webhook_deliveries'])
      await api.pool.query(`drop trigger not_now on ${table}`);
    expect((await Promise.all(hand.map((deliver) => deliver()))).map(({ status }) => status)).toEqual([
      202, 200,
    ]);
  },
);

test('a PostgreSQL that is read-only answers reads, and the service is not ready', async () => {
  api = await openApi();
  const { pool } = api;
  await pool.query(
    `do $$ begin execute format('alter database %I set default_transaction_read_only to on', current_database()); end $$`,
  );
  const readOnly = openPool({
    url: api.databaseUrl,
    name: 'test',
    max: 2,
    log: createLogger('test', 'silent'),
  });
  const late = await openApi({ pool: readOnly });
  expect((await postCommand(late.app, createCommand(), 'key-1')).status).toBe(503);
  expect((await get(late.app, '/v1/payments/any')).status).toBe(404);
  expect(await send(late.app, { method: 'GET', url: '/readyz' })).toMatchObject({
    status: 503,
    body: { status: 'not_ready', checks: { database: 'down' } },
  });
  await pool.query(
    `do $$ begin execute format('alter database %I reset default_transaction_read_only', current_database()); end $$`,
  );
  // Connections made meanwhile stay read-only for as long as they live: none of them may have stayed in the pool.
  expect((await postCommand(late.app, createCommand(), 'key-1')).status).toBe(202);
  expect((await send(late.app, { method: 'GET', url: '/readyz' })).status).toBe(200);
  await late.close();
  await readOnly.end();
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
