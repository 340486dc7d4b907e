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
    ['a refund of another payment', { refundId: CHILD, parentPaymentId: 'other', status: 'RECEIVED' }],
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
      limit: '50',
      offset: '0',
    });
  });

  it('reads the documented form by parent, where the amount may stand as purchaseAmount', async () => {
    await startAnswering([200, fixture('list-refunds.response-by-parent')]);
    expect(await client.listRefundsOf('<PAYMENT_ID>')).toMatchObject({
      ok: true,
      value: {
        refunds: [
          {
            id: '<REFUND_PAYMENT_ID>',
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

  it('reads the repository form to its end', async () => {
    await startAnswering(
      [200, fixture('list-refunds.response-repository-form')],
      [200, { total: 42, refunds: [] }],
    );
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: CHILD, totalAmount: '150.00' }], unreadableRows: 0 },
    });
    expect(server.requests).toHaveLength(2);
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
    await startAnswering([200, { results, pagination: { total: 4 } }]);
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: 'mine' }], unreadableRows: 2 },
    });
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
    expect(server.requests).toHaveLength(101);
  });

  it.each([404, 501])('where GET /refunds answers %i the list below the parent is read', async (status) => {
    await startAnswering([status, {}], [200, fixture('get-payment-refunds-summary.response')]);
    expect(await client.listRefundsOf(PARENT)).toMatchObject({
      ok: true,
      value: { refunds: [{ id: CHILD, type: 'REFUND', parentPaymentId: PARENT }], unreadableRows: 0 },
    });
    expect(paths()).toEqual(['GET /refunds', `GET /payments/${PARENT}/refunds`]);
  });

  it('rows below the parent are of it even when they do not say so', async () => {
    await startAnswering([404, {}], [200, { parentId: PARENT, refunds: [row('a'), row('b', 'p2'), {}] }]);
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
