/** Every bad request by name: a problem document that names the field and the reason, and nothing written. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ApiFixture,
  createCommand,
  get,
  openApi,
  postBatch,
  postCommand,
  SECRETS,
  send,
} from './api-fixture.ts';

let api: ApiFixture;

beforeAll(async () => {
  api = await openApi();
});

afterAll(() => api.close());

async function expectNothingWritten(): Promise<void> {
  expect(await api.countRows()).toEqual({ commands: 0, payments: 0, deliveries: 0 });
}

const node = (changes: Record<string, unknown>) => ({
  type: 'ACCOUNT',
  amount: '30000.00',
  currency: 'COP',
  identity: { identityId: 'payer' },
  account: { accountNumber: '100' },
  ...changes,
});

test.each(['/v1/payments/%00%ff', '/webhooks/%zz', '/%'])(
  'the path %s, which is no URL, is refused as everything else is',
  async (url) => {
    const { status, headers, body } = await send(api.app, { method: 'GET', url });
    expect([status, headers['content-type']]).toEqual([400, 'application/problem+json']);
    expect(body).toMatchObject({ code: 'validation_failed', status: 400 });
  },
);

describe('a command whose content is not valid', () => {
  const text = (command: unknown) => JSON.stringify(command);
  test.each([
    ['malformed JSON', '{"type":', '', 'is not JSON'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), '', 'is not valid UTF-8'],
    ['a byte order mark', `\uFEFF${text(createCommand())}`, '', 'is not JSON'],
    ['an empty body', '', '', 'is not JSON'],
    ['a list instead of an object', '[]', '', 'must be one of payment.create'],
    ['an unknown type', text({ type: 'payment.steal' }), '/type', 'must be one of payment.create'],
    [
      'an unknown field',
      text(createCommand({ colour: 'red' })),
      '/payment/colour',
      'is not a field that belongs here',
    ],
    ['an unknown field at the top', text({ ...createCommand(), priority: 1 }), '/priority', 'is not a field'],
    [
      'a __proto__ field',
      text(createCommand()).replace('{"type"', '{"__proto__":{"a":1},"type"'),
      '/__proto__',
      'is not a field',
    ],
    [
      'one member twice, deep inside',
      text(createCommand()).replace('"identityId":"payer"', '"identityId":"payer","identityId":"x"'),
      '/payment/origins/0/identity/identityId',
      'is there twice',
    ],
    [
      'one amount twice',
      text(createCommand()).replace('"purchaseAmount"', '"purchaseAmount":"1.00","purchaseAmount"'),
      '/payment/purchaseAmount',
      'is there twice',
    ],
    ['text with U+0000', text(createCommand({ description: 'a\0b' })), '/payment/description', 'U+0000'],
    [
      'half a surrogate pair',
      text(createCommand({ description: '\ud800' })),
      '/payment/description',
      'surrogate',
    ],
    ['brackets without end', `${'['.repeat(100)}${']'.repeat(100)}`, `${'/0'.repeat(64)}`, 'nests deeper'],
    [
      'three decimals of COP ("10.005")',
      text(createCommand({ purchaseAmount: '10.005' })),
      '/payment/purchaseAmount',
      'at most 2 decimals',
    ],
    [
      'decimals of CLP ("1.5")',
      text(createCommand({ purchaseAmount: '1.5', purchaseCurrency: 'CLP', product: 'CLP:CLP' })),
      '/payment/purchaseAmount',
      'no decimals',
    ],
    [
      'an exponent ("1e3")',
      text(createCommand({ purchaseAmount: '1e3' })),
      '/payment/purchaseAmount',
      'plain decimal',
    ],
    [
      'a sign ("-5")',
      text(createCommand({ purchaseAmount: '-5' })),
      '/payment/purchaseAmount',
      'plain decimal',
    ],
    [
      'nothing at all ("0.00")',
      text(createCommand({ purchaseAmount: '0.00' })),
      '/payment/purchaseAmount',
      'more than zero',
    ],
    [
      'a number instead of a string',
      text(createCommand({ purchaseAmount: 30000 })),
      '/payment/purchaseAmount',
      'must be a string',
    ],
    [
      'origins that do not add up',
      text(createCommand({ origins: [node({ amount: '10000.00' }), node({ amount: '19999.99' })] })),
      '/payment/origins',
      'must sum to purchaseAmount',
    ],
    [
      'two rail keys in one node',
      text(createCommand({ origins: [node({ etpay: { successUrl: 'https://a.test' } })] })),
      '/payment/origins/0/etpay',
      'is not a field',
    ],
    ['no externalId', text(createCommand({ externalId: undefined })), '/payment/externalId', 'is missing'],
    [
      'an expiresAt that has passed',
      text(createCommand({ expiresAt: '2020-01-01T00:00:00Z' })),
      '/payment/expiresAt',
      'has already passed',
    ],
    [
      'a notAfter that has passed',
      text({ ...createCommand(), notAfter: '2020-01-01T00:00:00Z' }),
      '/notAfter',
      'has already passed',
    ],
    [
      'a notAfter that is no instant',
      text({ ...createCommand(), notAfter: 'tomorrow' }),
      '/notAfter',
      'RFC 3339',
    ],
    [
      'a reference by two names',
      text({ type: 'payment.capture', payment: { id: 'a', externalId: 'b' } }),
      '/payment',
      'exactly one of them',
    ],
  ])('%s is refused by field and reason, and nothing is written', async (_name, payload, path, reason) => {
    const answer = await postCommand(api.app, payload, 'key-1');

    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({
      type: 'urn:capstan:problem:validation_failed',
      code: 'validation_failed',
      status: 400,
      title: expect.any(String),
      detail: expect.any(String),
    });
    const fault = answer.body.errors.find((error: { path: string }) => error.path === path);
    expect(fault?.message, JSON.stringify(answer.body)).toContain(reason);
    await expectNothingWritten();
  });
});

describe('an idempotency key', () => {
  test('that is missing is asked for', async () => {
    const answer = await postCommand(api.app, createCommand(), null);

    expect(answer).toMatchObject({ status: 400, body: { code: 'idempotency_key_missing' } });
    await expectNothingWritten();
  });

  test.each([
    ['too long', 'k'.repeat(256)],
    ['not ASCII', 'clé'],
  ])('that is %s is refused', async (_name, key) => {
    const answer = await postCommand(api.app, createCommand(), key);

    expect(answer).toMatchObject({ status: 400, body: { code: 'idempotency_key_malformed' } });
    expect(answer.body.errors[0].message).toContain('printable ASCII');
    await expectNothingWritten();
  });
});

describe('a body', () => {
  test.each([
    ['text/plain', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['compressed', { 'content-encoding': 'gzip' }],
  ])('sent as %s is refused', async (_name, headers) => {
    const answer = await postCommand(
      api.app,
      createCommand(),
      'key-1',
      headers as unknown as Record<string, string>,
    );

    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    await expectNothingWritten();
  });

  test('without a content type is refused', async () => {
    const answer = await send(api.app, {
      method: 'POST',
      url: '/v1/commands',
      headers: { authorization: `Bearer ${SECRETS.all}`, 'idempotency-key': 'key-1' },
      payload: JSON.stringify(createCommand()),
    });

    expect(answer).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    await expectNothingWritten();
  });

  test('that is missing altogether is refused', async () => {
    const answer = await send(api.app, {
      method: 'POST',
      url: '/v1/commands',
      headers: { authorization: `Bearer ${SECRETS.all}`, 'idempotency-key': 'key-1' },
    });

    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
  });

  test('of more than 256 KiB is refused, of a batch only beyond 4 MiB', async () => {
    const large = createCommand({ description: 'x'.repeat(256 * 1024) });
    const single = await postCommand(api.app, large, 'key-1');
    const batch = await postBatch(api.app, { commands: [{ idempotencyKey: 'key-1', ...large }] });
    const tooLarge = await postBatch(api.app, {
      commands: [{ idempotencyKey: 'x'.repeat(4 * 1024 * 1024) }],
    });

    expect(single).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
    expect(batch).toMatchObject({ status: 200, body: { results: [{ status: 400 }] } });
    expect(tooLarge).toMatchObject({ status: 413, body: { code: 'payload_too_large' } });
    await expectNothingWritten();
  });
});

describe('a caller', () => {
  test.each([
    ['without credentials', {}],
    ['with an unknown secret', { authorization: 'Bearer not-a-secret-of-anyone' }],
    ['with another scheme', { authorization: `Basic ${SECRETS.all}` }],
  ])('%s is told to authenticate', async (_name, headers) => {
    const answer = await send(api.app, {
      method: 'POST',
      url: '/v1/commands',
      headers: { 'content-type': 'application/json', 'idempotency-key': 'key-1', ...headers },
      payload: JSON.stringify(createCommand()),
    });

    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(answer.headers['www-authenticate']).toContain('Bearer');
    await expectNothingWritten();
  });

  test('may only do what its key’s scopes say', async () => {
    const write = await postCommand(api.app, createCommand(), 'key-1', {
      authorization: `Bearer ${SECRETS.read}`,
    });
    const read = await get(api.app, '/v1/payments?externalId=x', SECRETS.enqueue);

    expect(write).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect(read).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    expect((await get(api.app, '/v1/payments?externalId=x', SECRETS.read)).status).toBe(200);
    await expectNothingWritten();
  });
});

describe('a route', () => {
  test.each([
    ['GET', '/nowhere'],
    ['GET', '/v1/nowhere'],
    ['DELETE', '/v1/commands'],
    ['GET', '/webhooks/conomy'],
  ] as const)('%s %s does not exist', async (method, url) => {
    const answer = await send(api.app, { method, url, headers: { authorization: `Bearer ${SECRETS.all}` } });

    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });

  test.each([
    ['/v1/commands/not-a-uuid', 'command_not_found'],
    ['/v1/commands/0199a000-0000-7000-8000-000000000000', 'command_not_found'],
    ['/v1/payments/nobody', 'payment_not_found'],
    ['/v1/payments/%00', 'payment_not_found'],
    ['/v1/payments/nobody/timeline', 'payment_not_found'],
  ])('%s names the thing that is not there', async (url, code) => {
    expect(await get(api.app, url)).toMatchObject({ status: 404, body: { code } });
  });

  test.each(['wait=61', 'wait=-1', 'wait=1.5', 'wait=', 'wait=abc', 'wait=1&wait=2', 'wiat=1'])(
    'refuses ?%s',
    async (query) => {
      const answer = await get(api.app, `/v1/payments/nobody?${query}`);

      expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } });
    },
  );
});
