// Scenario: requests whose headers say a thing twice, otherwise than documented or in another charset, over real sockets.
// Goal: whatever could be read in two ways is refused; what is one key by the documentation is one key.
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type ApiFixture,
  captureOf,
  createCommand,
  get,
  openApi,
  postBatch,
  SECRETS,
} from './api-fixture.ts';

let api: ApiFixture;
let port: number;

beforeAll(async () => {
  api = await openApi();
  await api.app.listen({ host: '127.0.0.1', port: 0 });
  port = (api.app.server.address() as AddressInfo).port;
});

afterAll(() => api.close());

interface Received {
  status: number;
  head: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are asserted field by field.
  body: any;
}

/** Sends the head as it stands, line by line: no client of HTTP is in between. */
async function sendRaw(requestLine: string, lines: readonly string[], body = ''): Promise<Received> {
  const socket = connect(port, '127.0.0.1');
  const head = [
    requestLine,
    'host: api.test',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.write(`${[...head, ...lines].join('\r\n')}\r\n\r\n${body}`);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const [answerHead = '', text = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  return {
    status: Number(answerHead.split(' ')[1]),
    head: answerHead.toLowerCase(),
    body: JSON.parse(text || 'null'),
  };
}

const AUTHORIZATION = `authorization: Bearer ${SECRETS.all}`;
const JSON_TYPE = 'content-type: application/json';

const post = (lines: readonly string[], command: unknown = createCommand()) =>
  sendRaw('POST /v1/commands HTTP/1.1', lines, JSON.stringify(command));

const withKey = (...keys: string[]) =>
  post([AUTHORIZATION, JSON_TYPE, ...keys.map((key) => `Idempotency-Key: ${key}`)]);

describe('the header Idempotency-Key', () => {
  test.each([
    ['with a comma, bare', ['a,b']],
    ['with an open quote', ['"k']],
    ['with a quote behind it', ['k"']],
    ['with parameters behind the quotes', ['"k";p=1']],
    ['with a second value behind the quotes', ['"k", "l"']],
    ['with quotes within quotes', ['"a"b"']],
    ['with a backslash', ['a\\b']],
    ['with a backslash in quotes', ['"a\\\\b"']],
    ['with a space', ['a b']],
    ['with a space in quotes', ['"a b"']],
    ['with nothing in its quotes', ['""']],
    ['of 256 characters', ['x'.repeat(256)]],
    ['of 256 characters in quotes', [`"${'x'.repeat(256)}"`]],
    ['that is not ASCII', ['ñ']],
    ['in two lines', ['k', 'l']],
    ['in two lines of one key', ['k', 'k']],
    ['in two lines of which one is empty', ['k', '']],
  ])('%s is refused as malformed, and nothing is written', async (_what, keys) => {
    const { status, body } = await withKey(...keys);
    expect([status, body.code]).toEqual([400, 'idempotency_key_malformed']);
    expect(await api.countRows()).toMatchObject({ commands: 0, payments: 0 });
  });

  test.each([
    ['absent', []],
    ['empty', ['']],
    ['of white space', ['  ']],
  ])('that is %s is missing', async (_what, keys) => {
    const { status, body } = await withKey(...keys);
    expect([status, body.code]).toEqual([400, 'idempotency_key_missing']);
  });

  test('is one key bare and in quotes, in a batch and in a filter, where a comma belongs to it', async () => {
    const first = await withKey('one-key');
    expect(first).toMatchObject({ status: 202, body: { command: { idempotencyKey: 'one-key' } } });
    const again = await withKey('"one-key"');
    expect(again.body.command.id).toBe(first.body.command.id);
    expect(again.head).toContain('idempotency-replayed: true');

    const capture = captureOf({ id: 'p1' });
    const quoted = await post([AUTHORIZATION, JSON_TYPE, 'Idempotency-Key: "a,b"'], capture);
    const { body } = await postBatch(api.app, { commands: [{ idempotencyKey: 'a,b', ...capture }] });
    expect(body.results[0].command.id).toBe(quoted.body.command.id);
    const listed = await get(api.app, '/v1/commands?idempotencyKey=a,b');
    expect(listed.body.commands.map(({ id }: { id: string }) => id)).toEqual([quoted.body.command.id]);
    expect((await get(api.app, '/v1/commands?idempotencyKey=a%20b')).status).toBe(400);
  });

  test('is the bare value in a batch, refused at its own place', async () => {
    const { body } = await postBatch(api.app, {
      commands: [
        { idempotencyKey: '"k"', ...captureOf({ id: 'p1' }) },
        { ...captureOf({ id: 'p1' }) },
        { idempotencyKey: 7, ...captureOf({ id: 'p1' }) },
      ],
    });
    expect(body.results.map(({ problem }: { problem: unknown }) => problem)).toMatchObject([
      { code: 'idempotency_key_malformed', errors: [{ path: '/commands/0/idempotencyKey' }] },
      { code: 'idempotency_key_missing', errors: [{ path: '/commands/1/idempotencyKey' }] },
      { code: 'idempotency_key_malformed', errors: [{ path: '/commands/2/idempotencyKey' }] },
    ]);
  });
});

describe('a header that may come once', () => {
  const KEY = 'idempotency-key: doubled';
  test.each([
    ['authorization', [AUTHORIZATION, `authorization: Bearer ${SECRETS.read}`, JSON_TYPE, KEY]],
    ['content-type', [AUTHORIZATION, JSON_TYPE, 'content-type: text/plain', KEY]],
    [
      'content-encoding',
      [AUTHORIZATION, JSON_TYPE, KEY, 'content-encoding: identity', 'content-encoding: gzip'],
    ],
    ['host', [AUTHORIZATION, JSON_TYPE, KEY, 'host: other.test']],
  ])('is refused when %s comes twice', async (name, lines) => {
    const { status, body } = await post(lines);
    expect([status, body.code]).toEqual([400, 'validation_failed']);
    expect(body.detail).toContain(name);
  });

  test('may be of any number at the webhook, where the signature decides', async () => {
    const { status } = await sendRaw(
      'POST /webhooks/conomy HTTP/1.1',
      [JSON_TYPE, 'content-type: text/plain'],
      '{}',
    );
    expect(status).toBe(401);
  });
});

describe('the charset of a body', () => {
  const posting = (type: string) =>
    post([AUTHORIZATION, `content-type: ${type}`, 'idempotency-key: charset'], captureOf({ id: 'p2' }));

  test.each(['iso-8859-1', '"latin1"', 'utf-16', 'UTF-16LE', 'us-ascii'])(
    '%s is refused',
    async (charset) => {
      const { status, body } = await posting(`application/json; charset=${charset}`);
      expect([status, body.code]).toEqual([415, 'unsupported_media_type']);
    },
  );

  test.each(['application/json', 'application/json; charset=utf-8', 'application/json;charset="UTF-8"'])(
    'of %s is taken',
    async (type) => expect(await posting(type)).toMatchObject({ status: 202 }),
  );
});

test.each(['/v1/commands', '/v1/nothing', '/healthz', '/readyz', '/metrics', '/openapi.json', '/docs', '/%'])(
  'the answer of %s is not guessed at and not shown in a frame',
  async (url) => {
    const { headers } = await api.app.inject({ method: 'GET', url });
    expect(headers['x-content-type-options']).toBe('nosniff');
    expect(headers['x-frame-options']).toBe('DENY');
    expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  },
);
