import { randomUUID } from 'node:crypto';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import type { Stack } from '@capstan/local-stack/stack';
import { startTestStack } from '@capstan/testing/test-stack';
import { until } from '@capstan/testing/until';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { p2p } from '../support/stack-client.ts';
import { askDatabase } from '../support/stack-database.ts';

// Scenario: an api is told to stop while twenty callers send commands over connections they keep open, one waits for a command's
// end and one has opened a connection and sends nothing.
// Goal: it says so on /readyz, serves on, then takes no more connections; every request that it took is answered in full, and
// the process ends by itself.

const DRAIN_DELAY_MS = 1_500;
const CALLERS = 20;

let stack: Stack;

beforeAll(async () => {
  stack = await startTestStack({ env: { api: { DRAIN_DELAY_MS: String(DRAIN_DELAY_MS) } } });
});
afterAll(() => stack.stop());

interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
  body: any;
  endedAtMs: number;
}

/** Rejects with the connection's error; an answer that is cut short is one. */
function call(method: string, path: string, agent: Agent, body?: object): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = {
    authorization: `Bearer ${stack.info.apiKey}`,
    ...(body ? { 'content-type': 'application/json', 'idempotency-key': randomUUID() } : {}),
  };
  const sent = request(`${stack.apis[0]?.url}${path}`, { method, headers, agent }, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    answer.on('error', reject);
    answer.on('end', () => {
      const { statusCode: status = 0 } = answer;
      resolve({ status, headers: answer.headers, body: JSON.parse(text), endedAtMs: performance.now() });
    });
  });
  sent.on('error', reject);
  sent.end(body ? JSON.stringify(body) : undefined);
  return promise;
}

const keptAlive = () => new Agent({ keepAlive: true, maxSockets: 1 });
const isRefused = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';

/** Sends one command after the other over one connection until no new one can be opened. */
async function sendUntilRefused(agent: Agent, answers: Answer[], broken: unknown[]): Promise<void> {
  for (;;) {
    try {
      answers.push(await call('POST', '/v1/commands', agent, p2p()));
    } catch (error) {
      if (!isRefused(error)) broken.push(error);
      return;
    }
  }
}

test('a stop under kept-alive load answers every request it took, and the process ends well', {
  timeout: 60_000,
}, async () => {
  const [api] = stack.apis;
  if (!api) throw new Error('no api');
  const answers: Answer[] = [];
  const broken: unknown[] = [];
  const callers = Array.from({ length: CALLERS }, () => sendUntilRefused(keptAlive(), answers, broken));
  await until(() => answers.length >= CALLERS, { deadlineMs: 10_000, what: 'the load to be on' });
  await stack.capturers[0]?.stop();
  const waiting = call('POST', '/v1/commands', keptAlive(), p2p()).then(({ body }) =>
    call('GET', `/v1/commands/${body.command.id}?wait=30`, keptAlive()),
  );
  const silent = connect(Number(new URL(api.url).port), '127.0.0.1');
  silent.on('error', () => {});

  const toldAtMs = performance.now();
  process.kill(api.pid, 'SIGTERM');
  const notReady = await until(
    async () => {
      const ready = await call('GET', '/readyz', new Agent());
      return ready.status === 503 && ready;
    },
    { deadlineMs: 1_000, what: 'the api to say that it stops' },
  );
  expect(notReady.body).toMatchObject({ status: 'not_ready', reason: expect.stringContaining('stopping') });
  // A connection made now is still served.
  const late = await call('POST', '/v1/commands', new Agent(), p2p());
  expect(late.status).toBe(202);

  expect(await api.exited).toEqual({ code: 0, signal: null });
  await Promise.all(callers);
  expect(performance.now() - toldAtMs).toBeGreaterThan(DRAIN_DELAY_MS);

  expect(broken).toEqual([]);
  expect(answers.filter(({ status }) => status !== 202)).toEqual([]);
  const last = answers.filter(({ headers }) => headers.connection === 'close');
  expect(last).toHaveLength(CALLERS);
  expect(Math.min(...last.map(({ endedAtMs }) => endedAtMs)) - toldAtMs).toBeGreaterThan(DRAIN_DELAY_MS - 50);
  expect((await waiting).body.command.status).toBe('accepted');
  expect((await waiting).headers.connection).toBe('close');

  const ids = [...answers, late].map(({ body }) => body.command.id);
  const sql = 'select count(*)::int as count from commands where id = any($1::uuid[])';
  expect(await askDatabase(stack, sql, [ids])).toEqual([{ count: ids.length }]);
});
