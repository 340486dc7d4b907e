// One token per process, renewed ahead of its end, and after a refusal once for everybody.
import { afterEach, describe, expect, it } from 'vitest';
import type { ConomyClient } from '../../../src/provider/conomy/client.ts';
import { clientFor, httpAnswer, type Script, startTcpServer, type TcpServer } from './tcp-server.ts';

let server: TcpServer;
let client: ConomyClient;
const clock = { nowMs: 1_000_000, now: () => clock.nowMs };

const UNAUTHORIZED = httpAnswer(401, { status: 401, code: '41', type: 'unauthorized' });

async function start(script: Script, auth: Script) {
  server = await startTcpServer(script, auth);
  client = clientFor(server.url, { clock });
}

const issuing =
  (expiresIn: unknown): Script =>
  (socket, _request, count) =>
    socket.write(httpAnswer(200, { accessToken: `token-${count}`, tokenType: 'Bearer', expiresIn }));

const paying: Script = (socket) => socket.write(httpAnswer(200, { id: 'p1', status: 'CREATED' }));

/** Accepts one token and refuses every other. */
const accepting =
  (token: string): Script =>
  (socket, request, count) =>
    request.headers.authorization === `Bearer ${token}`
      ? paying(socket, request, count)
      : socket.write(UNAUTHORIZED);

afterEach(async () => {
  await client.close();
  await server.close();
});

describe('first use', () => {
  it('fifty calls at once ask for one token', async () => {
    await start(paying, issuing(3600));
    const results = await Promise.all(Array.from({ length: 50 }, () => client.readPayment('p1')));
    expect(results.every((result) => result.ok)).toBe(true);
    expect(server.authRequests).toHaveLength(1);
  });
});

describe('refusal in mid flight', () => {
  it('fifty calls refused with an expired token are repeated once each with one new token', async () => {
    await start(accepting('token-2'), issuing(3600));
    const results = await Promise.all(Array.from({ length: 50 }, () => client.capturePayment('p1')));
    expect(results.every((result) => result.ok)).toBe(true);
    expect(server.authRequests).toHaveLength(2);
    expect(server.requests).toHaveLength(100);
  });

  it('a call refused after others already renewed uses their token', async () => {
    const late = Promise.withResolvers<void>();
    const lateArrived = Promise.withResolvers<void>();
    await start((socket, request, count) => {
      const held = request.path === '/payments/late' && request.headers.authorization === 'Bearer token-1';
      if (!held) return accepting('token-2')(socket, request, count);
      lateArrived.resolve();
      late.promise.then(() => socket.write(UNAUTHORIZED));
    }, issuing(3600));
    const lateCall = client.readPayment('late');
    await lateArrived.promise;
    await client.readPayment('p1');
    late.resolve();
    await lateCall;
    expect(server.authRequests).toHaveLength(2);
    expect(server.requests.at(-1)).toMatchObject({
      path: '/payments/late',
      headers: { authorization: 'Bearer token-2' },
    });
  });

  it('a second refusal is the answer of the call', async () => {
    await start(accepting('none'), issuing(3600));
    expect(await client.capturePayment('p1')).toMatchObject({
      ok: false,
      failure: { stage: 'answered', reason: 'http_401', httpStatus: 401, code: '41' },
    });
    expect(server.requests).toHaveLength(2);
    expect(server.authRequests).toHaveLength(2);
  });
});

describe('renewal ahead of the end', () => {
  it.each([
    ['an hour', 3600, 2_879_000, 2_881_000],
    ['100 s', 100, 69_000, 71_000],
    ['a minute or less', 10, 4_900, 5_100],
    ['an unsaid time', 'soon', 239_000, 241_000],
  ])(
    'a token living %s is used first and renewed in the background later',
    async (_name, expiresIn, before, after) => {
      await start(paying, issuing(expiresIn));
      const startMs = clock.nowMs;
      await client.readPayment('p1');
      clock.nowMs = startMs + before;
      await client.readPayment('p1');
      expect(server.authRequests).toHaveLength(1);
      clock.nowMs = startMs + after;
      await client.readPayment('p1');
      await expect.poll(() => server.authRequests.length).toBe(2);
      await expect
        .poll(async () => {
          await client.readPayment('p1');
          return server.requests.at(-1)?.headers.authorization;
        })
        .toBe('Bearer token-2');
    },
  );

  it('a failed renewal does no harm while the old token lives', async () => {
    await start(paying, (socket, request, count) =>
      count === 1 ? issuing(100)(socket, request, count) : socket.destroy(),
    );
    await client.readPayment('p1');
    clock.nowMs += 75_000;
    expect(await client.readPayment('p1')).toMatchObject({ ok: true });
    clock.nowMs += 25_000;
    expect(await client.readPayment('p1')).toMatchObject({
      ok: false,
      failure: { stage: 'not_sent', reason: 'token_unavailable' },
    });
  });
});

describe('no token', () => {
  it.each([400, 401, 403])('credentials refused with %i: nothing is sent', async (status) => {
    await start(paying, (socket) => socket.write(httpAnswer(status, { code: '41', type: 'unauthorized' })));
    expect(await client.createPayment('{}')).toMatchObject({
      ok: false,
      failure: { stage: 'not_sent', reason: 'credentials_refused', httpStatus: status, code: '41' },
    });
    expect(server.requests).toEqual([]);
  });

  it.each([
    ['a server error', httpAnswer(500, {})],
    ['an answer without a token', httpAnswer(200, { tokenType: 'Bearer' })],
    ['a token that no header can carry', httpAnswer(200, { accessToken: 'a\r\nb', expiresIn: 60 })],
  ])('%s: nothing is sent', async (_name, answer) => {
    await start(paying, (socket) => socket.write(answer));
    expect(await client.createPayment('{}')).toMatchObject({
      ok: false,
      failure: { stage: 'not_sent', reason: 'token_unavailable' },
    });
    expect(server.requests).toEqual([]);
  });

  it('an abort ends the waiting of one caller, not the request for the token', async () => {
    const asked = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    await start(paying, (socket, request, count) => {
      asked.resolve();
      release.promise.then(() => issuing(3600)(socket, request, count));
    });
    const giveUp = new AbortController();
    const given = client.createPayment('{}', { signal: giveUp.signal });
    const other = client.readPayment('p1');
    await asked.promise;
    giveUp.abort();
    expect(await given).toMatchObject({ ok: false, failure: { stage: 'not_sent', reason: 'aborted' } });
    release.resolve();
    expect(await other).toMatchObject({ ok: true });
    expect(server.authRequests).toHaveLength(1);
  });
});
