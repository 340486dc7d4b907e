import { expect, test } from 'vitest';
import { COP_COLLECTOR } from '../src/default-accounts.ts';
import { p2pBody, purchaseBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';

test('an attempt is validated, recorded as ATTEMPT and apart from the payments', async () => {
  const { post, get, ledger } = await openSandbox();
  const created = await post('/sandbox/payment-attempts', purchaseBody({ externalId: 'attempt-1' }));
  expect(created).toMatchObject({ status: 201, body: { status: 'ATTEMPT', externalId: 'attempt-1' } });
  const { id } = created.body;
  expect((await get(`/sandbox/payment-attempts/${id}`)).body).toEqual(created.body);
  expect((await get(`/sandbox/payments/${id}`)).status).toBe(404);
  expect((await get('/sandbox/payments')).body.pagination.total).toBe(0);
  expect(await ledger()).toMatchObject({ payments: [], attempts: [{ id, externalId: 'attempt-1' }] });
});

test('a shape that no payment could have is refused as an attempt too', async () => {
  const { post } = await openSandbox();
  const refused = await post('/sandbox/payment-attempts', p2pBody({ product: undefined }));
  expect(refused).toMatchObject({ status: 400, body: { code: '12' } });
});

test('an unknown attempt is 404', async () => {
  const { get } = await openSandbox();
  expect((await get('/sandbox/payment-attempts/none')).body.code).toBe('31');
});

test('attempts are listed in an envelope of their own, page by page', async () => {
  const { post, get } = await openSandbox();
  for (const externalId of ['a', 'b', 'c']) await post('/sandbox/payment-attempts', p2pBody({ externalId }));
  const { body } = await get('/sandbox/payment-attempts?limit=2');
  expect(body.data.map(({ externalId }: { externalId: string }) => externalId)).toEqual(['c', 'b']);
  expect(body.pagination).toEqual({
    pagination: { count: 2, next: 2, previous: 0, total: 3 },
    results: [],
  });
  const second = await get('/sandbox/payment-attempts?limit=2&next=2');
  expect(second.body.data).toMatchObject([{ externalId: 'a' }]);
  const other = await get(`/sandbox/payment-attempts?accountNumber=${COP_COLLECTOR.accountNumber}`);
  expect(other.body.data).toEqual([]);
});
