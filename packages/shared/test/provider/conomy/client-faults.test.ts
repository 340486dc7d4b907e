// How far a failed call got. `not_sent` may be sent again; it must never be said once a byte may have left.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProviderFailure, ProviderResult } from '../../../src/provider/payment-provider.ts';
import { clientFor, httpAnswer, type Script, startTcpServer, TOKEN_ANSWER } from './tcp-server.ts';

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function serve(script: Script, options: Parameters<typeof clientFor>[1] = {}) {
  const server = await startTcpServer(script);
  const client = clientFor(server.url, options);
  stops.push(server.close, () => client.close());
  return { server, client };
}

async function failureOf(call: Promise<ProviderResult<unknown>>): Promise<ProviderFailure> {
  const result = await call;
  if (result.ok) throw new Error('the call succeeded');
  return result.failure;
}

/** A port of this machine on which nothing listens. */
async function closedPort(): Promise<string> {
  const server = await startTcpServer(() => {});
  await server.close();
  return server.url;
}

describe('not sent', () => {
  it('a refused connection', async () => {
    const closing = (body: unknown) => httpAnswer(200, body, { connection: 'close' });
    const server = await startTcpServer(
      (socket) => socket.end(closing({ id: 'p', status: 'CREATED' })),
      (socket) => socket.end(closing(TOKEN_ANSWER)),
    );
    const client = clientFor(server.url);
    stops.push(() => client.close());
    await client.readPayment('p');
    await server.close();
    expect(await failureOf(client.capturePayment('p'))).toEqual({
      stage: 'not_sent',
      reason: 'connect_refused',
    });
  });

  it('a refused connection on the way to a token', async () => {
    const client = clientFor(await closedPort());
    stops.push(() => client.close());
    expect(await failureOf(client.createPayment('{}'))).toEqual({
      stage: 'not_sent',
      reason: 'token_unavailable',
      detail: 'POST /auth: connect_refused',
    });
  });

  it('a host name that does not exist', async () => {
    const client = clientFor('http://capstan.invalid');
    stops.push(() => client.close());
    const failure = await failureOf(client.createPayment('{}'));
    expect(failure).toMatchObject({ stage: 'not_sent', detail: 'POST /auth: dns' });
  });

  it('a TLS handshake that fails', async () => {
    const plain = createServer((socket) =>
      socket.on('error', () => {}).once('data', () => socket.end('not TLS')),
    );
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const client = clientFor(`https://127.0.0.1:${(plain.address() as AddressInfo).port}`);
    stops.push(
      async () => plain.close(),
      () => client.close(),
    );
    expect(await failureOf(client.createPayment('{}'))).toMatchObject({
      stage: 'not_sent',
      detail: 'POST /auth: tls',
    });
  });

  it.runIf(process.platform === 'linux')('no connection within the connect timeout', async () => {
    const client = clientFor(await fullBacklog(), { connectTimeoutMs: 200, callTimeoutMs: 5_000 });
    stops.push(() => client.close());
    expect(await failureOf(client.createPayment('{}'))).toMatchObject({
      stage: 'not_sent',
      detail: 'POST /auth: connect_timeout',
    });
  });

  it('an abort before the call began', async () => {
    const { server, client } = await serve(() => {});
    const failure = await failureOf(client.createPayment('{}', { signal: AbortSignal.abort() }));
    expect(failure).toEqual({ stage: 'not_sent', reason: 'aborted' });
    expect(server.requests).toEqual([]);
  });

  it('a call given up while it waits for a connection never leaves later', async () => {
    const release = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const { server, client } = await serve(
      (socket) => {
        arrived.resolve();
        release.promise.then(() => socket.write(httpAnswer(200, { id: 'first', status: 'CREATED' })));
      },
      { connections: 1 },
    );
    const first = client.readPayment('first');
    await arrived.promise;
    const giveUp = new AbortController();
    const second = client.capturePayment('second', { signal: giveUp.signal });
    const third = client.readPayment('first');
    giveUp.abort();
    expect(await failureOf(second)).toEqual({ stage: 'not_sent', reason: 'aborted' });
    release.resolve();
    await Promise.all([first, third]);
    expect(server.requests.map((request) => request.path)).toEqual(['/payments/first', '/payments/first']);
  });
});

describe('no clear answer', () => {
  const cases: [name: string, script: Script, expected: Partial<ProviderFailure>][] = [
    ['a reset after the request was received', (socket) => socket.resetAndDestroy(), { reason: 'reset' }],
    ['a connection closed without an answer', (socket) => socket.end(), { reason: 'reset' }],
    [
      'a body cut short of its length',
      (socket) => socket.end(httpAnswer(200, { id: 'p1' }, { 'content-length': '500' })),
      { reason: 'answer_cut', httpStatus: 200 },
    ],
    [
      'JSON that ends in the middle',
      (socket) => socket.write(httpAnswer(200, '{"id":"p1","sta')),
      { reason: 'not_json', httpStatus: 200 },
    ],
    [
      'HTML with status 200',
      (socket) => socket.write(httpAnswer(200, '<html>ok</html>')),
      { reason: 'not_json' },
    ],
    ['an empty body with status 200', (socket) => socket.write(httpAnswer(200, '')), { reason: 'not_json' }],
    ['a payment without a status', (socket) => socket.write(httpAnswer(200, { id: 'p1' })), {}],
    ['bytes that are not HTTP', (socket) => socket.end('SSH-2.0-Other\r\n'), { reason: 'not_http' }],
    [
      'HTML with status 400, as gateways give it',
      (socket) => socket.write(httpAnswer(400, '<html>')),
      { reason: 'not_json', httpStatus: 400 },
    ],
    [
      'a redirect, which is not followed',
      (socket) => socket.write(httpAnswer(307, {}, { location: '/elsewhere' })),
      { reason: 'http_307' },
    ],
    [
      'a 500 with an error body',
      (socket) =>
        socket.write(httpAnswer(500, { status: 500, code: '01', type: 'serverError', traceId: 't-1' })),
      { reason: 'http_500', code: '01', type: 'serverError', traceId: 't-1' },
    ],
    [
      'a 503 that says when to come back',
      (socket) => socket.write(httpAnswer(503, 'busy', { 'retry-after': '7' })),
      { reason: 'http_503', retryAfterMs: 7_000 },
    ],
  ];

  it.each(cases)('%s', async (_name, script, expected) => {
    const { server, client } = await serve(script);
    const failure = await failureOf(client.capturePayment('p1'));
    expect(failure).toMatchObject({ stage: 'no_clear_answer', ...expected });
    expect(server.requests).toHaveLength(1);
  });

  it('a first byte later than the deadline', async () => {
    const { server, client } = await serve(() => {}, { callTimeoutMs: 250 });
    expect(await failureOf(client.createPayment('{}'))).toEqual({
      stage: 'no_clear_answer',
      reason: 'timeout',
    });
    expect(server.requests).toHaveLength(1);
  });

  it('an answer that drips past the deadline although each byte is in time', async () => {
    const { client } = await serve(
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
        const drip = setInterval(() => socket.write(' '), 20);
        socket.on('close', () => clearInterval(drip));
      },
      { callTimeoutMs: 300 },
    );
    const failure = await failureOf(client.createPayment('{}'));
    expect(failure).toEqual({ stage: 'no_clear_answer', reason: 'timeout', httpStatus: 200 });
  });

  it('an abort by the caller once the request has left', async () => {
    const giveUp = new AbortController();
    const { client } = await serve(() => giveUp.abort());
    const failure = await failureOf(client.createPayment('{}', { signal: giveUp.signal }));
    expect(failure).toEqual({ stage: 'no_clear_answer', reason: 'aborted' });
  });

  it('an answer larger than is ever read', async () => {
    const { client } = await serve((socket) => socket.write(httpAnswer(200, `"${'x'.repeat(1_048_576)}"`)));
    expect(await failureOf(client.createPayment('{}'))).toMatchObject({
      stage: 'no_clear_answer',
      reason: 'answer_too_large',
    });
  });

  it.each(['capturePayment', 'readPayment'] as const)(
    '%s over a kept connection that the server closes is sent once only',
    async (operation) => {
      const { server, client } = await serve((socket, _request, count) => {
        if (count === 1) socket.write(httpAnswer(200, { id: 'p1', status: 'CREATED' }));
        else socket.destroy();
      });
      await client.readPayment('p1');
      expect((await failureOf(client[operation]('p1'))).stage).toBe('no_clear_answer');
      expect(server.requests).toHaveLength(2);
    },
  );
});

describe('answered', () => {
  it('a refusal carries status, code, type, detail and trace id', async () => {
    const error = {
      status: 422,
      code: '21',
      type: 'failedPrecondition',
      detail: 'x'.repeat(900),
      traceId: 't-2',
    };
    const { client } = await serve((socket) => socket.write(httpAnswer(422, error)));
    expect(await failureOf(client.capturePayment('p1'))).toEqual({
      stage: 'answered',
      reason: 'http_422',
      httpStatus: 422,
      code: '21',
      type: 'failedPrecondition',
      detail: 'x'.repeat(500),
      traceId: 't-2',
    });
  });

  it('a 501 is a clear refusal although it is a 5xx', async () => {
    const { client } = await serve((socket) =>
      socket.write(httpAnswer(501, { code: '42', type: 'unimplemented' })),
    );
    expect(await failureOf(client.capturePayment('p1'))).toMatchObject({ stage: 'answered', code: '42' });
  });

  it.each([
    ['JSON', { code: '32', type: 'tooManyRequests' }],
    ['an empty body', ''],
    ['HTML', '<html>slow down</html>'],
  ])('a 429 with %s is clear and carries the wait asked for', async (_name, body) => {
    const { client } = await serve((socket) => socket.write(httpAnswer(429, body, { 'retry-after': '3' })));
    expect(await failureOf(client.createPayment('{}'))).toMatchObject({
      stage: 'answered',
      httpStatus: 429,
      retryAfterMs: 3_000,
    });
  });
});

describe('under mixed faults', () => {
  const answer = httpAnswer(200, { id: 'any', status: 'CREATED' });
  const scripts: Script[] = [
    (socket) => socket.write(answer),
    (socket) => socket.write(answer),
    (socket) => socket.end(answer),
    (socket) => socket.resetAndDestroy(),
    (socket) => socket.end(answer.slice(0, -9)),
    (socket) => socket.write(answer, () => socket.resetAndDestroy()),
    (socket) => setImmediate(() => socket.write(answer)),
  ];

  it('no create arrives twice, and none that is called not sent arrives at all', async () => {
    const random = seededRandom(20_260_518);
    const { server, client } = await serve(
      (socket, request, count) => pick(scripts, random())(socket, request, count),
      {
        connections: 4,
      },
    );
    const outcomes = new Map<string, ProviderResult<unknown>>();
    const create = async (body: string) => {
      const giveUp = new AbortController();
      const call = client.createPayment(body, { signal: giveUp.signal });
      if (random() < 0.2) setImmediate(() => giveUp.abort());
      outcomes.set(body, await call);
    };
    for (let wave = 0; wave < 30; wave += 1) {
      await Promise.all(
        Array.from({ length: 20 }, (_, index) => create(`{"externalId":"${wave}-${index}"}`)),
      );
    }
    const arrived = server.requests.map((request) => request.body);
    expect(new Set(arrived).size).toBe(arrived.length);
    const stages = new Set<string>();
    for (const [body, outcome] of outcomes) {
      stages.add(outcome.ok ? 'ok' : outcome.failure.stage);
      if (outcome.ok) expect(arrived).toContain(body);
      else if (outcome.failure.stage === 'not_sent') expect(arrived).not.toContain(body);
    }
    expect([...stages].toSorted()).toEqual(['no_clear_answer', 'not_sent', 'ok']);
  });
});

function pick<T>(from: readonly T[], random: number): T {
  const index = Math.floor(random * from.length);
  const picked = from[index];
  if (picked === undefined) throw new RangeError(`nothing at ${index}`);
  return picked;
}

/** A linear congruential generator: the same faults on every run. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A listening socket nobody accepts from: its thread is blocked. Two connections fill the queue, and the
 * kernel ignores every further one.
 */
async function fullBacklog(): Promise<string> {
  const worker = new Worker(
    `const { createServer } = require('node:net');
     const { parentPort } = require('node:worker_threads');
     const server = createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true },
  );
  stops.push(() => worker.terminate());
  const [port] = (await once(worker, 'message')) as [number];
  for (let filled = 0; filled < 2; filled += 1) {
    const filler = connect(port, '127.0.0.1');
    stops.push(async () => filler.destroy());
    filler.on('error', () => {});
    await once(filler, 'connect');
  }
  return `http://127.0.0.1:${port}`;
}
