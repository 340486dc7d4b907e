// What goes on the wire for each operation, and how good answers come back.
import { afterEach, describe, expect, it } from 'vitest';
import type { ConomyClient } from '../../../src/provider/conomy/client.ts';
import { fixture } from './fixtures.ts';
import { clientFor, httpAnswer, type Script, startTcpServer, type TcpServer } from './tcp-server.ts';

let server: TcpServer;
let client: ConomyClient;

async function start(script: Script, options: Parameters<typeof clientFor>[1] = {}) {
  server = await startTcpServer(script);
  client = clientFor(`${server.url}/sandbox/`, options);
}

const answering =
  (body: unknown, status = 200): Script =>
  (socket) =>
    socket.write(httpAnswer(status, body));

afterEach(async () => {
  await client.close();
  await server.close();
});

describe('every call', () => {
  it('carries the gateway key, agent, version, accept and bearer token', async () => {
    await start(answering({ id: 'p1', status: 'CREATED' }));
    await client.readPayment('p1');
    expect(server.requests[0]?.headers).toMatchObject({
      'x-api-key': 'gateway-key',
      'user-agent': 'Capstan/1.0',
      'conomyhq-api-version': '24-04-2025',
      accept: 'application/json',
      authorization: 'Bearer token-1',
    });
    expect(server.requests[0]?.headers).not.toHaveProperty('content-type');
  });

  it('asks for the token with the credentials and without a bearer token', async () => {
    await start(answering({ id: 'p1', status: 'CREATED' }));
    await client.readPayment('p1');
    const [auth] = server.authRequests;
    expect(auth).toMatchObject({ method: 'POST', path: '/sandbox/auth' });
    expect(JSON.parse(auth?.body ?? '')).toEqual({ clientId: 'client-1', clientSecret: 'client-secret-1' });
    expect(auth?.headers).toMatchObject({
      'x-api-key': 'gateway-key',
      'user-agent': 'Capstan/1.0',
      'conomyhq-api-version': '24-04-2025',
      'content-type': 'application/json',
    });
    expect(auth?.headers).not.toHaveProperty('authorization');
  });
});

describe('writes', () => {
  it('create sends the body text exactly as given', async () => {
    await start(answering(fixture('create-payment-p2p.response')));
    const body = '{ "externalId" : "pedido-ñ", "totalAmount":"1.50" }';
    const result = await client.createPayment(body);
    expect(server.requests).toMatchObject([{ method: 'POST', path: '/sandbox/payments', body }]);
    expect(server.requests[0]?.headers['content-type']).toBe('application/json');
    expect(result).toMatchObject({ ok: true, value: { status: 'CREATED' } });
  });

  it('capture sends an empty object and authorize no body', async () => {
    await start(answering({ id: 'p1', status: 'CAPTURED' }));
    expect(await client.capturePayment('p1')).toMatchObject({
      ok: true,
      value: { id: 'p1', status: 'CAPTURED' },
    });
    await client.authorizePayment('p1');
    expect(server.requests).toMatchObject([
      { method: 'POST', path: '/sandbox/payments/p1/captured', body: '{}' },
      { method: 'POST', path: '/sandbox/payments/p1/authorized', body: '' },
    ]);
    expect(server.requests[1]?.headers).not.toHaveProperty('content-type');
  });

  it('an id is percent-encoded in its path segment', async () => {
    await start(answering({}, 404));
    for (const id of ['a:b~c', '...']) await client.capturePayment(id);
    expect(server.requests.map((request) => request.path)).toEqual([
      '/sandbox/payments/a%3Ab~c/captured',
      '/sandbox/payments/.../captured',
    ]);
  });

  it('nothing is asked of what is no id', async () => {
    await start(answering({}, 404));
    for (const id of ['../auth', '..', '.', '%2e', 'x?y=z', 'ñ'])
      await expect(async () => client.capturePayment(id)).rejects.toThrow('is no Conomy id');
    expect(server.requests).toEqual([]);
  });

  it.each(['../auth', 'x?y=z', '{{7*7}}', '..', '%2e', 'x'.repeat(129)])(
    'a create that is answered with the id %j is known to have been made under an unusable one',
    async (id) => {
      await start(answering({ id, status: 'CREATED' }));
      const failure = { stage: 'no_clear_answer', reason: 'id_unusable', httpStatus: 200 };
      expect(await client.createPayment('{"externalId":"a"}')).toEqual({ ok: false, failure });
      expect(await client.createAttempt('{"externalId":"a"}')).toEqual({ ok: false, failure });
    },
  );

  it.each(['x'.repeat(201), 'a\u0000', ''])(
    'an id that is none (%j) says nothing of what was made',
    async (id) => {
      await start(answering({ id, status: 'CREATED' }));
      expect(await client.createPayment('{"externalId":"a"}')).toMatchObject({
        failure: { reason: 'not_a_payment' },
      });
    },
  );

  it('a refund that is answered with an unusable id is known to have been made under it', async () => {
    await start(answering({ refundId: '../auth', parentPaymentId: 'p1', status: 'CREATED' }));
    expect(await client.refundPayment('p1', { amount: '1.00' })).toMatchObject({
      failure: { reason: 'id_unusable' },
    });
  });

  it('an answer about another payment is not taken for the one asked for', async () => {
    await start(answering({ id: 'p2', status: 'CAPTURED' }));
    expect(await client.capturePayment('p1')).toMatchObject({
      ok: false,
      failure: { stage: 'no_clear_answer', reason: 'not_this_payment' },
    });
  });
});

describe('reads', () => {
  it('list sends the filter with days as dd/mm/yyyy in UTC', async () => {
    await start(
      answering({ pagination: { total: 3 }, results: [{ id: 'a', status: 'SETTLED' }, { id: 'b' }] }),
    );
    const result = await client.listPayments(
      {
        accountNumber: '174',
        type: 'PURCHASE',
        fromDay: new Date('2026-05-01T23:59:59Z'),
        toDay: new Date('2026-05-03T00:00:00Z'),
        sort: 'createdAt:desc',
      },
      { limit: 2, offset: 0 },
    );
    const query = new URL(server.requests[0]?.path ?? '', 'http://host').searchParams;
    expect(Object.fromEntries(query)).toEqual({
      accountNumber: '174',
      type: 'PURCHASE',
      startDate: '01/05/2026',
      endDate: '03/05/2026',
      sort: 'createdAt:desc',
      limit: '2',
      offset: '0',
    });
    expect(result).toMatchObject({ ok: true, value: { unreadableRows: 1, nextOffset: 2, total: 3 } });
  });

  it.each<[headers: Record<string, string>, told: object]>([
    [{}, { isAged: false }],
    [
      { date: 'Mon, 11 May 2026 02:00:00 GMT' },
      { answeredAt: new Date('2026-05-11T02:00:00Z'), isAged: false },
    ],
    [{ date: 'soon', age: '0' }, { isAged: true }],
  ])('list tells when it was answered by the headers %j', async (headers, told) => {
    await start((socket) => socket.write(httpAnswer(200, { results: [] }, headers)));
    const list = await client.listPayments({}, { limit: 1, offset: 0 });
    const page = { payments: [], unreadableRows: 0, nextOffset: null, isPaginated: false, ...told };
    expect(list).toEqual({ ok: true, value: page });
  });

  it('an account is found in a bare object, a nested page and an array', async () => {
    const bodies = [
      { accountNumber: '7', availableFunds: '1.00' },
      { pagination: { pagination: {}, results: [{ accountNumber: '8' }, { accountNumber: '7' }] } },
      [{ accountNumber: '70' }, { accountNumber: '7' }],
    ];
    await start((socket, _request, count) => socket.write(httpAnswer(200, bodies[count - 1])));
    for (const _ of bodies) {
      expect(await client.readAccount('7')).toMatchObject({ ok: true, value: { accountNumber: '7' } });
    }
    expect(server.requests[0]?.path).toBe('/sandbox/accounts?accountNumber=7');
  });

  it('an account that is not in the answer, or a 404, is null; anything else is a failure', async () => {
    const answers = [
      httpAnswer(200, [{ accountNumber: '8' }]),
      httpAnswer(404, {}),
      httpAnswer(200, { x: 1 }),
    ];
    await start((socket, _request, count) => socket.write(answers[count - 1] ?? ''));
    expect(await client.readAccount('7')).toEqual({ ok: true, value: null });
    expect(await client.readAccount('7')).toEqual({ ok: true, value: null });
    expect(await client.readAccount('7')).toMatchObject({ ok: false, failure: { reason: 'not_an_account' } });
  });
});

describe('sandbox simulation', () => {
  it('goes to its own base', async () => {
    await start(answering(fixture('sandbox-provider-received.response')));
    const simulating = clientFor(`${server.url}/sandbox`, {
      sandboxWebhookUrl: `${server.url}/sandboxwebhook`,
    });
    expect(await simulating.simulateReceived('p1')).toEqual({ ok: true, value: undefined });
    await simulating.close();
    expect(server.requests).toMatchObject([
      { method: 'POST', path: '/sandboxwebhook/payments/received/payment-provider', body: '{"id":"p1"}' },
    ]);
  });

  it('is not sent when its base is not configured', async () => {
    await start(answering({ ok: true }));
    expect(await client.simulateReceived('p1')).toMatchObject({ ok: false, failure: { stage: 'not_sent' } });
    expect(server.requests).toEqual([]);
  });
});
