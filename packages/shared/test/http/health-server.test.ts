import { once } from 'node:events';
import { connect } from 'node:net';
import { Registry } from '@prometheus-io/client';
import { afterEach, expect, test } from 'vitest';
import { type HealthServer, startHealthServer } from '../../src/http/health-server.ts';
import type { HeldQueue } from '../../src/queue/held-queues.ts';
import { createLogger } from '../../src/telemetry/logger.ts';

let server: HealthServer;

afterEach(() => server.close());

async function start(
  state: { database: boolean; queue: boolean; hazard?: string; stopping?: boolean; held?: HeldQueue[] },
  registry = new Registry(),
) {
  server = await startHealthServer({
    host: '127.0.0.1',
    port: 0,
    checks: {
      database: async () => state.database,
      queue: async () => state.queue,
      queueHazard: async () => state.hazard ?? null,
      heldQueues: async () => state.held ?? [],
      isStopping: () => state.stopping ?? false,
    },
    registry,
    log: createLogger('test', 'silent'),
  });
  return server.url;
}

test.each([
  [{ database: true, queue: true }, 200, 'ready'],
  [{ database: true, queue: false }, 200, 'degraded'],
  [{ database: false, queue: true }, 503, 'not_ready'],
  [{ database: false, queue: false }, 503, 'not_ready'],
])('with %j it answers %i %s, and is alive', async (state, status, word) => {
  const url = await start(state);
  const ready = await fetch(`${url}/readyz`);

  expect(ready.status).toBe(status);
  expect(await ready.json()).toEqual({
    status: word,
    checks: { database: state.database ? 'up' : 'down', queue: state.queue ? 'up' : 'down' },
  });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('with a queue that may drop jobs it is not ready and says what to mend', async () => {
  const url = await start({ database: true, queue: true, hazard: 'Set maxmemory-policy to noeviction.' });
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    status: 'not_ready',
    reason: 'Set maxmemory-policy to noeviction.',
  });
});

test('with a queue that somebody paused it is degraded and names the queue', async () => {
  const held: HeldQueue[] = [{ name: '{capstan-commands}', hold: 'paused' }];
  const ready = await fetch(`${await start({ database: true, queue: true, held })}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({ status: 'degraded', checks: { queue: 'up' }, heldQueues: held });
});

test('while it stops it is not ready and says so', async () => {
  const url = await start({ database: true, queue: true, stopping: true });
  const ready = await fetch(`${url}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toMatchObject({
    status: 'not_ready',
    reason: expect.stringContaining('stopping'),
  });
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test('a connection on which nothing is asked does not keep it from closing', async () => {
  const url = await start({ database: true, queue: true });
  const silent = connect(Number(new URL(url).port), '127.0.0.1');
  await once(silent, 'connect');
  const ended = once(silent, 'close');
  silent.resume();
  await server.close();
  await ended;
});

test('metrics that cannot be collected are an error and not a crash', async () => {
  const registry = new Registry();
  registry.metrics = async () => {
    throw new Error('secret detail');
  };
  const response = await fetch(`${await start({ database: true, queue: true }, registry)}/metrics`);

  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret detail');
});
