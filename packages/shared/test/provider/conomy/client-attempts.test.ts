// ConomyPaymentAttempts: validated intents that move nothing, in a list envelope of their own.
import { afterEach, expect, it } from 'vitest';
import type { ConomyClient } from '../../../src/provider/conomy/client.ts';
import { fixture, fixtureText } from './fixtures.ts';
import { clientFor, httpAnswer, startTcpServer, type TcpServer } from './tcp-server.ts';

let server: TcpServer;
let client: ConomyClient;

async function startAnswering(status: number, body: unknown) {
  server = await startTcpServer((socket) => socket.write(httpAnswer(status, body)));
  client = clientFor(server.url);
}

afterEach(async () => {
  await client.close();
  await server.close();
});

it('create sends the body as given and takes the 201', async () => {
  await startAnswering(201, { id: 'a1', status: 'ATTEMPT', externalId: 'attempt-order-1001' });
  const body = fixtureText('create-payment-attempt-topup.request');
  expect(await client.createAttempt(body)).toMatchObject({
    ok: true,
    value: { id: 'a1', status: 'ATTEMPT', externalId: 'attempt-order-1001' },
  });
  expect(server.requests).toMatchObject([{ method: 'POST', path: '/payment-attempts', body }]);
});

it('an attempt is read by its id, and another one is not taken for it', async () => {
  await startAnswering(200, fixture('get-payment-attempt.response-skeleton'));
  expect(await client.readAttempt('string')).toMatchObject({ ok: true, value: { id: 'string' } });
  expect(await client.readAttempt('a:1')).toMatchObject({
    ok: false,
    failure: { reason: 'not_this_payment' },
  });
  expect(server.requests.map(({ path }) => path)).toEqual([
    '/payment-attempts/string',
    '/payment-attempts/a%3A1',
  ]);
});

it('the list sends its filter and cursor and reads the envelope of attempts', async () => {
  const data = [{ id: 'a1', status: 'ATTEMPT' }, { id: 'a2' }];
  await startAnswering(200, { data, pagination: { pagination: { total: 5 }, results: [] } });
  const filter = { accountNumber: '174', type: 'PURCHASE', fromDay: new Date('2026-05-01T00:00:00Z') };
  expect(await client.listAttempts(filter, { limit: 2, next: 2 })).toMatchObject({
    ok: true,
    value: { payments: [{ id: 'a1' }], unreadableRows: 1, nextOffset: 4, total: 5 },
  });
  const query = new URL(server.requests[0]?.path ?? '', server.url).searchParams;
  expect(Object.fromEntries(query)).toEqual({
    accountNumber: '174',
    type: 'PURCHASE',
    startDate: '01/05/2026',
    limit: '2',
    next: '2',
  });
});
