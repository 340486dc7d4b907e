import { expect, test } from 'vitest';
import { CREDENTIALS, openSandbox, send } from './sandbox-client.ts';

const { apiKey, ...CLIENT } = CREDENTIALS;

test('a token is issued for the known client and says how long it lives', async () => {
  const { sandbox } = await openSandbox({ tokenLifetimeS: 120 });
  const answer = await send(sandbox.url, 'POST', '/sandbox/auth', { 'x-api-key': apiKey }, CLIENT);
  expect(answer).toMatchObject({
    status: 200,
    body: { accessToken: expect.any(String), tokenType: 'Bearer', expiresIn: 120 },
  });
});

test('wrong credentials get 401 in the documented error body', async () => {
  const { sandbox } = await openSandbox();
  const wrong = { ...CLIENT, clientSecret: 'other' };
  const answer = await send(sandbox.url, 'POST', '/sandbox/auth', { 'x-api-key': apiKey }, wrong);
  expect(answer.status).toBe(401);
  expect(answer.body).toEqual({
    status: 401,
    code: '41',
    type: 'unauthorized',
    detail: expect.any(String),
    traceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
});

test('a missing client id gets 400 naming it', async () => {
  const { sandbox } = await openSandbox();
  const answer = await send(
    sandbox.url,
    'POST',
    '/sandbox/auth',
    { 'x-api-key': apiKey },
    { clientSecret: 'x' },
  );
  expect(answer.body).toMatchObject({ status: 400, code: '12', detail: 'clientId is required' });
});

test.each([
  ['a missing gateway key', { 'x-api-key': '' }, 403, '43'],
  ['a wrong gateway key', { 'x-api-key': 'other' }, 403, '43'],
  ['a missing User-Agent', { 'user-agent': '' }, 400, '12'],
  ['a missing token', { authorization: '' }, 401, '41'],
  ['an unknown token', { authorization: 'Bearer nobody' }, 401, '41'],
])('%s is refused', async (_case, change, status, code) => {
  const { sandbox, headers } = await openSandbox();
  const answer = await send(sandbox.url, 'GET', '/sandbox/payments', { ...headers, ...change });
  expect(answer).toMatchObject({ status, body: { status, code } });
});

test('a token stops working when its lifetime is over and a new one works', async () => {
  let nowMs = Date.UTC(2026, 4, 18);
  const { sandbox, headers, get } = await openSandbox({ tokenLifetimeS: 60, now: () => nowMs });
  nowMs += 59_999;
  expect((await get('/sandbox/payments')).status).toBe(200);
  nowMs += 1;
  expect((await get('/sandbox/payments')).body).toMatchObject({ code: '41' });
  const renewed = await send(sandbox.url, 'POST', '/sandbox/auth', headers, CLIENT);
  const authorization = `Bearer ${renewed.body.accessToken}`;
  const answer = await send(sandbox.url, 'GET', '/sandbox/payments', { ...headers, authorization });
  expect(answer.status).toBe(200);
});

test('a body that is not JSON and an unknown path are refused in the documented form', async () => {
  const { post } = await openSandbox();
  expect((await post('/sandbox/payments', '{"a":')).body).toMatchObject({ status: 400, code: '14' });
  expect((await post('/sandbox/nowhere')).body).toMatchObject({ status: 404, code: '31' });
});
