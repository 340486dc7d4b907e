import { expect, test } from 'vitest';
import { COP_PAYER } from '../src/default-accounts.ts';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox, type SandboxClient } from './sandbox-client.ts';

const HELD = { thresholds: { COP: '15000' } };

/** A payment whose capture was held because of its amount. */
async function openHeld(review: object = {}): Promise<SandboxClient & { id: string }> {
  const client = await openSandbox();
  await client.post('/_sandbox/config', { review: { ...HELD, ...review } });
  return { ...client, id: await client.capture(p2pBody()) };
}

test('a capture that reaches the threshold is held and takes no money', async () => {
  const { get, ledger, id } = await openHeld();
  expect((await get(`/sandbox/payments/${id}`)).body).toMatchObject({
    status: 'REQUIRES_REVIEW',
    documentationStatus: 'PENDING_UPLOAD',
    reviewReason: 'SOURCE_OF_FUNDS_REQUIRED',
  });
  const { accounts, payments } = await ledger();
  expect(accounts).toContainEqual(COP_PAYER);
  expect(payments[0].effects.capture).toBe(0);
});

test('a capture below the threshold goes through', async () => {
  const client = await openSandbox();
  await client.post('/_sandbox/config', { review: { thresholds: { COP: '15000.01' } } });
  await client.capture(p2pBody());
  expect((await client.ledger()).payments[0].status).toBe('CAPTURED');
});

test('an approved review captures, once', async () => {
  const { post, ledger, id } = await openHeld();
  const resolved = await post(`/sandbox/payments/${id}/resolveReview`, { decision: 'APPROVED' });
  expect(resolved).toMatchObject({
    status: 200,
    body: { paymentId: id, status: 'CAPTURED', documentationStatus: 'APPROVED', reviewDecision: 'APPROVED' },
  });
  expect((await ledger()).payments[0].effects.capture).toBe(1);
  const again = await post(`/sandbox/payments/${id}/resolveReview`, { decision: 'APPROVED' });
  expect(again.body).toMatchObject({ status: 422, code: '21' });
});

test.each([
  ['AUTHORIZED', 'AUTHORIZED'],
  ['GATED', 'CREATED'],
])(
  'set to resume at %s, an approved payment is %s and its next capture goes through',
  async (resumesAt, status) => {
    const { post, id } = await openHeld({ resumesAt });
    const resolved = await post(`/sandbox/payments/${id}/resolveReview`, { decision: 'APPROVED' });
    expect(resolved.body.status).toBe(status);
    expect((await post(`/sandbox/payments/${id}/captured`)).body.status).toBe('CAPTURED');
  },
);

test('a rejected review ends FAILED with its documents rejected', async () => {
  const { post, id } = await openHeld();
  const body = { decision: 'REJECTED', rejectionReason: 'no' };
  expect((await post(`/sandbox/payments/${id}/resolve-review`, body)).body).toMatchObject({
    status: 'FAILED',
    documentationStatus: 'REJECTED',
  });
});

test.each([
  ['forbidden', 403, '43'],
  ['unimplemented', 501, '42'],
])('deciding reviews can be %s', async (decisions, status, code) => {
  const { post, id } = await openHeld({ decisions });
  const answer = await post(`/sandbox/payments/${id}/resolveReview`, { decision: 'APPROVED' });
  expect(answer).toMatchObject({ status, body: { code } });
});

test('an operator holds a payment; a second time it is told that it was held already', async () => {
  const client = await openSandbox();
  const id = await client.capture(p2pBody());
  const path = `/sandbox/payments/${id}/requestReview`;
  expect(await client.post(path, { reason: 'Manual operator flag' })).toMatchObject({
    status: 202,
    body: { paymentId: id, status: 'REQUIRES_REVIEW', alreadyFlagged: false, bypassed: false },
  });
  expect(await client.post(path)).toMatchObject({ status: 200, body: { alreadyFlagged: true } });
  await client.post(`/sandbox/payments/${id}/resolveReview`, { decision: 'APPROVED' });
  expect(await client.post(path)).toMatchObject({
    status: 200,
    body: { bypassed: true, status: 'CAPTURED' },
  });
  expect((await client.post(path, { force: true })).status).toBe(202);
});

test('a settled payment cannot be held', async () => {
  const client = await openSandbox();
  const id = await client.capture(p2pBody());
  await client.transition(id, 'SETTLED');
  expect((await client.post(`/sandbox/payments/${id}/request-review`)).body.code).toBe('21');
});

test('a document is attached with its URL, or announced without one', async () => {
  const { post, get, id } = await openHeld();
  const path = `/sandbox/payments/${id}/documents`;
  const announced = await post(path, { type: 'invoice' });
  expect(announced).toMatchObject({ status: 201, body: { documentationStatus: 'PENDING_UPLOAD' } });
  const url = 'https://documents.example/file.pdf';
  const attached = await post(path, { type: 'SOURCE_OF_FUNDS', url, metadata: { fileName: 'file.pdf' } });
  expect(attached.body).toMatchObject({ paymentId: id, document: { url, status: 'UPLOADED' } });
  expect((await get(`/sandbox/payments/${id}`)).body.documentationStatus).toBe('UPLOADED');
  expect((await post(path, { type: 'selfie' })).body.code).toBe('11');
});

test('a presigned upload names where to send the file and how to register it', async () => {
  const { post, id } = await openHeld();
  const { status, body } = await post(`/sandbox/payments/${id}/documents/presign`, {
    type: 'source_of_funds',
    contentType: 'application/pdf',
  });
  expect(status).toBe(200);
  expect(body.fields['Content-Type']).toBe('application/pdf');
  expect(body.canonicalUrl).toBe(body.url + body.fields.key);
});

test('only a received payment is marked unsettled, with its reason', async () => {
  const client = await openSandbox();
  const id = await client.capture(p2pBody());
  const mark = () => client.post(`/sandbox/payments/${id}/markUnsettled`, { reason: 'chargeback' });
  expect((await mark()).body).toMatchObject({ status: 422, code: '21' });
  await client.transition(id, 'RECEIVED');
  expect((await client.post(`/sandbox/payments/${id}/mark-unsettled`)).body.code).toBe('12');
  expect(await mark()).toMatchObject({
    status: 202,
    body: { status: 'UNSETTLED', unsettledReason: 'chargeback', alreadyFlagged: false },
  });
  expect(await mark()).toMatchObject({ status: 200, body: { alreadyFlagged: true } });
});
