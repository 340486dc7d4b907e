// Documents handed in for a review: sent as accepted, and answered in two forms of which one is about the document alone.
import { afterEach, expect, it, test } from 'vitest';
import type { ConomyClient } from '../../../src/provider/conomy/client.ts';
import { fixture } from './fixtures.ts';
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

const document = {
  type: 'source_of_funds',
  url: 'https://files.example/payslip.pdf',
  contentType: 'application/pdf',
} as const;

it('sends the document as it was accepted', async () => {
  await startAnswering(201, { paymentId: 'p:1', status: 'REQUIRES_REVIEW', documentationStatus: 'UPLOADED' });
  expect(await client.submitDocument('p:1', document)).toEqual({ ok: true, value: null });
  expect(server.requests).toMatchObject([
    { method: 'POST', path: '/payments/p%3A1/documents', body: JSON.stringify(document) },
  ]);
});

test.each([
  ['attach-payment-document.response-lowercase-type', '69e25244baa9fd9b463d6bad'],
  ['attach-payment-document.response-uppercase-type', 'PAYMENT_ID'],
])('the documented answer %s is a success', async (name, paymentId) => {
  await startAnswering(201, fixture(name));
  expect(await client.submitDocument(paymentId, document)).toEqual({ ok: true, value: null });
});

test.each([
  ['about another payment', { paymentId: 'p2', status: 'UPLOADED' }],
  ['that is no object', []],
])('an answer %s is no clear answer', async (_what, body) => {
  await startAnswering(201, body);
  expect(await client.submitDocument('p1', document)).toMatchObject({
    ok: false,
    failure: { stage: 'no_clear_answer', reason: 'not_a_document' },
  });
});
