// Proxies pack answers, and some serialisers set a byte order mark: what was asked for is done all the same.
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import type { ConomyClient } from '../../../src/provider/conomy/client.ts';
import { clientFor, startTcpServer, type TcpServer } from './tcp-server.ts';

let server: TcpServer;
let client: ConomyClient;
afterEach(async () => {
  await client.close();
  await server.close();
});

const PAYMENT = '{"id":"p1","status":"CAPTURED"}';
const MIB = 1_048_576;

async function startAnswering(body: Buffer, encoding?: string): Promise<void> {
  const head = [
    'HTTP/1.1 200 OK',
    'content-type: application/json',
    `content-length: ${body.length}`,
    ...(encoding === undefined ? [] : [`content-encoding: ${encoding}`]),
  ];
  server = await startTcpServer((socket) =>
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])),
  );
  client = clientFor(server.url);
}

test('every call, that for the token included, asks for what is not packed', async () => {
  await startAnswering(Buffer.from(PAYMENT));
  await client.capturePayment('p1');
  for (const { headers } of [...server.authRequests, ...server.requests])
    expect(headers['accept-encoding']).toBe('identity');
});

test.each([
  ['packed with gzip', gzipSync(PAYMENT), 'gzip'],
  ['packed with gzip by its old name', gzipSync(PAYMENT), 'X-GZIP'],
  ['not packed, and says so', Buffer.from(PAYMENT), 'identity'],
  ['behind a byte order mark', Buffer.from(`\ufeff${PAYMENT}`), undefined],
  ['packed behind a byte order mark', gzipSync(`\ufeff${PAYMENT}`), 'gzip'],
])('an answer that is %s is understood', async (_what, body, encoding) => {
  await startAnswering(body, encoding);
  expect(await client.capturePayment('p1')).toMatchObject({ ok: true, value: { status: 'CAPTURED' } });
});

test.each([
  ['is larger than the limit once it is unpacked', gzipSync(Buffer.alloc(MIB + 1, ' ')), 'answer_too_large'],
  ['is cut', gzipSync(PAYMENT).subarray(0, 20), 'answer_cut'],
  ['is no gzip at all', Buffer.from(PAYMENT), 'answer_cut'],
])('a packed answer that %s is no clear answer', async (_what, body, reason) => {
  await startAnswering(body, 'gzip');
  expect(await client.capturePayment('p1')).toMatchObject({
    ok: false,
    failure: { stage: 'no_clear_answer', reason, httpStatus: 200 },
  });
});
