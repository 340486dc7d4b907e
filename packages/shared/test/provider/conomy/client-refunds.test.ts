// Refunds: created in one spelling only, read in whichever the provider offers, and never taken for another's.
import { afterEach, describe, expect, it } from 'vitest';
import type { ConomyClient } from '../../../src/provider/conomy/client.ts';
import { fixture } from './fixtures.ts';
import { clientFor, httpAnswer, type Script, startTcpServer, type TcpServer } from './tcp-server.ts';

const PARENT = '69e0df45b604159c5b8ba5a9';
const CHILD = '69e25383b604159c5b8ba5bb';

let server: TcpServer;
let client: ConomyClient;

async function start(script: Script) {
  server = await startTcpServer(script);
  client = clientFor(server.url);
}

/** Answers in turn; the last one for good. */
async function startAnswering(...answers: [status: number, body: unknown][]) {
  await start((socket, _request, count) => {
    const [status, body] = answers[Math.min(count, answers.length) - 1] ?? [500, {}];
    socket.write(httpAnswer(status, body));
  });
}

const paths = () => server.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`);
const row = (id: string, parentPaymentId?: string) => ({ id, status: 'SETTLED', parentPaymentId });

afterEach(async () => {
  await client.close();
  await server.close();
});

describe('refundPayment', () => {
  it('posts amount and reason and answers with the child', async () => {
    await startAnswering([201, fixture('create-refund.response')]);
    const result = await client.refundPayment(PARENT, { amount: '150.00', reason: 'returned' });
    expect(paths()).toEqual([`POST /payments/${PARENT}/refund`]);
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({ amount: '150.00', reason: 'returned' });
    expect(result).toEqual({
      ok: true,
      value: {
        id: CHILD,
        type: 'REFUND',
        status: 'RECEIVED',
        parentPaymentId: PARENT,
        totalAmount: '150.00',
        currency: 'ARS',
        createdAt: '2026-04-17T14:37:44Z',
        raw: fixture('create-refund.response'),
      },
    });
  });

  it.each([
    ['the parent itself', { id: PARENT, status: 'SETTLED' }],
    ['a child without a status', { refundId: CHILD, parentPaymentId: PARENT }],
    ['a paymentId, which may be either,', { paymentId: 'x', status: 'RECEIVED' }],
    ['a child without an id', { parentPaymentId: PARENT, status: 'RECEIVED' }],
  ])('%s as answer leaves the outcome unknown', async (_what, body) => {
    await startAnswering([201, body]);
    expect(await client.refundPayment(PARENT, { amount: '1.00' })).toMatchObject({
      ok: false,
      failure: { stage: 'no_clear_answer', reason: 'not_a_refund' },
    });
  });

  it('a refund of another payment is told as one, so that whoever binds it sees that', async () => {
    await startAnswering([201, { refundId: CHILD, parentPaymentId: 'other', status: 'RECEIVED' }]);
    expect(await client.refundPayment(PARENT, { amount: '1.00' })).toMatchObject({
      ok: true,
      value: { id: CHILD, parentPaymentId: 'other' },
    });
  });

  it.each([404, 501])('after %i the other spelling is not tried: it could refund twice', async (status) => {
    await startAnswering([status, {}], [201, fixture('create-refund.response')]);
    expect(await client.refundPayment(PARENT, { amount: '1.00' })).toMatchObject({
      ok: false,
      failure: { stage: 'answered', httpStatus: status },
    });
    expect(server.requests).toHaveLength(1);
  });
});

describe('listRefundsOf', () => {
  it('asks for the refunds of the parent, oldest first', async () => {
    await startAnswering([200, { results: [], pagination: { total: 0 } }]);
    expect(await client.listRefundsOf('p 1')).toEqual({
      ok: true,
      value: { refunds: [], unreadableRows: 0 },
    });
    const url = new URL(server.requests[0]?.path ?? '', server.url);
    expect(url.pathname).toBe('/refunds');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      parentPaymentId: 'p 1',
      sort: 'createdAt:asc',
      limit: '500',
      offset: '0',
    });
  });

  it('says when the end of the list was written, by the clock of the provider', async () => {
    await start((socket, _request, count) => {
      const results = count === 1 ? [row('a', PARENT)] : [];
      const headers = { date: `Mon, 18 May 2026 10:00:0${count} GMT` };
      socket.write(httpAnswer(200, { results, pagination: { total: 1 } }, headers));
    });
    const result = await client.listRefundsOf(PARENT);
    expect(result).toMatchObject({ value: { listedAt: new Date('2026-05-18T10:00:02Z') } });
  });

  it.each([
    ['has no date', {}],
    ['has a date nobody can read', { date: 'yesterday' }],
    ['may come from a cache', { date: 'Mon, 18 May 2026 10:00:00 GMT', age: '3' }],
  ])('says no instant where the answer %s', async (_what, headers) => {
    await start((socket) =>
      socket.write(httpAnswer(200, { results: [], pagination: { total: 0 } }, headers)),
    );
    const result = await client.listRefundsOf(PARENT);
    expect(result.ok && result.value).not.toHaveProperty('listedAt');
  });

  it('reads the documented form by parent, where the amount may stand as purchaseAmount', async () => {
    await startAnswering([200, fixture('list-refunds.response-by-parent')]);
    expect(await client.listRefundsOf('PAYMENT_ID')).toMatchObject({
      ok: true,
      value: {
        refunds: [
          {
            id: 'REFUND_PAYMENT_ID',
            type: 'REFUND',
            status: 'SETTLED',
            totalAmount: '10000',
            currency: 'CLP',
          },
        ],
        unreadableRows: 0,
      },
    });
  });

  it('reads the repository form to its end, and says that 41 of 42 rows are missing', async () => {
    const first = fixture('list-refunds.response-repository-form');
    const end = { total: 42, refunds: [] };
    await startAnswering([200, first], [200, end], [200, first], [200, end], [404, {}]);
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: {
        refunds: [{ id: CHILD, totalAmount: '150.00' }],
        unreadableRows: 0,
        gap: 'rows_missing',
      },
    });
    expect(new Set(paths())).toEqual(new Set(['GET /refunds', `GET /payments/${PARENT}/refunds`]));
  });

  it('goes through all pages, and a row that comes twice counts once', async () => {
    await start((socket, { path }) => {
      const offset = Number(new URL(path, server.url).searchParams.get('offset'));
      const all = ['a', 'b', 'b', 'c'].map((id) => row(id, PARENT));
      socket.write(httpAnswer(200, { results: all.slice(offset, offset + 2), pagination: { total: 4 } }));
    });
    const result = await client.listRefundsOf(PARENT);
    expect(result.ok && result.value.refunds.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('ends with a provider that ignores the offset and states no total', async () => {
    await startAnswering([200, { results: [row('a', PARENT)] }]);
    expect(await client.listRefundsOf(PARENT)).toMatchObject({ ok: true, value: { refunds: [{ id: 'a' }] } });
    expect(server.requests).toHaveLength(2);
  });

  it('leaves out refunds of other payments, and counts rows that may be of any', async () => {
    const results = [row('mine', PARENT), row('other', 'p2'), row('whose'), { parentPaymentId: PARENT }];
    await startAnswering(
      [200, { results, pagination: { total: 4 } }],
      [200, { results: [], pagination: { total: 4 } }],
      [404, {}],
    );
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: 'mine' }], unreadableRows: 2 },
    });
  });

  it.each([
    ['whose rows do not say whose they are', [row('mine')], 1],
    ['with a row that cannot be read', [{ parentPaymentId: PARENT }], 1],
    ['that holds fewer rows than its total', [], 1],
  ])('%s is left for the one below the parent', async (_what, rows, total) => {
    await start((socket, { path }) => {
      const isFirst = !path.includes('offset=1');
      const filtered = { results: isFirst ? rows : [], pagination: { total } };
      const below = { parentId: PARENT, refunds: [row('mine')] };
      socket.write(httpAnswer(200, path.startsWith('/refunds') ? filtered : below));
    });
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: 'mine', parentPaymentId: PARENT }], unreadableRows: 0 },
    });
  });

  it('below the parent that says neither whose it nor whose a row is leaves the row to nobody', async () => {
    await startAnswering([404, {}], [200, { refunds: [row('whose'), row('mine', PARENT)] }]);
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: 'mine' }], unreadableRows: 1 },
    });
  });

  it('below the parent that holds fewer rows than its summary counts is not whole', async () => {
    const summary = { completedCount: 1, inProgressCount: 1, failedCount: 0 };
    await startAnswering([404, {}], [200, { parentId: PARENT, refunds: [row('mine')], summary }]);
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: 'mine' }], gap: 'rows_missing' },
    });
  });

  it('keeps a row that is pushed behind the walk by rows inserted above', async () => {
    let rows = ['c', 'b', 'a'];
    await start((socket, { path }, count) => {
      const offset = Number(new URL(path, server.url).searchParams.get('offset'));
      if (count === 2) rows = ['e', 'd', ...rows];
      const results = rows.slice(offset, offset + 2).map((id) => row(id, PARENT));
      socket.write(httpAnswer(200, { results, pagination: { total: rows.length } }));
    });
    const result = await client.listRefundsOf(PARENT);
    expect(result.ok && result.value.refunds.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(result.ok && result.value).not.toHaveProperty('gap');
  });

  it('leaves a list that has no end for the one below the parent', async () => {
    await start((socket, { path }, count) => {
      const below = { parentId: PARENT, refunds: [row('mine')] };
      socket.write(httpAnswer(200, path.startsWith('/refunds') ? [row(`r${count}`, 'p2')] : below));
    });
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: 'mine' }] },
    });
    // The one below the parent has no pages: it is asked for a second one to see that it has none.
    expect(server.requests).toHaveLength(102);
  });

  it.each([404, 501])('where GET /refunds answers %i the list below the parent is read', async (status) => {
    await startAnswering([status, {}], [200, fixture('get-payment-refunds-summary.response')]);
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: CHILD, type: 'REFUND', parentPaymentId: PARENT }], unreadableRows: 0 },
    });
    expect(new Set(paths())).toEqual(new Set(['GET /refunds', `GET /payments/${PARENT}/refunds`]));
  });

  it('rows below the parent are of it even when they do not say so', async () => {
    const refunds = [row('a'), row('b', 'p2'), {}];
    await startAnswering(
      [404, {}],
      [200, { parentId: PARENT, refunds }],
      [200, { parentId: PARENT, refunds: [] }],
    );
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: 'a', parentPaymentId: PARENT }], unreadableRows: 1 },
    });
  });

  it('a list below another parent is not taken', async () => {
    await startAnswering([404, {}], [200, { parentId: 'p2', refunds: [] }]);
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: false,
      failure: { reason: 'not_a_list' },
    });
  });

  it('any other failure is the answer: half a list must not look like a whole one', async () => {
    await startAnswering([200, { results: [row('a', PARENT)], pagination: { total: 2 } }], [503, {}]);
    expect(await client.listRefundsOf(PARENT)).toMatchObject({ ok: false, failure: { reason: 'http_503' } });
    expect(paths()).toEqual(['GET /refunds', 'GET /refunds']);
  });
});
