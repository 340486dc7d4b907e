import { expect, test } from 'vitest';
import { COP_COLLECTOR, COP_PAYER } from '../src/default-accounts.ts';
import { collectBody, p2pBody, purchaseBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';

const NOON = Date.UTC(2026, 4, 18, 12);
const DAY_MS = 24 * 3_600_000;

/** Payments `p1` … one per day from 18 May 2026 on. */
async function openWithDays(count: number) {
  let nowMs = NOON;
  const client = await openSandbox({ now: () => nowMs, tokenLifetimeS: 10_000_000 });
  for (let day = 1; day <= count; day += 1) {
    await client.post('/sandbox/payments', p2pBody({ externalId: `p${day}` }));
    nowMs += DAY_MS;
  }
  const list = async (query: string) => (await client.get(`/sandbox/payments?${query}`)).body;
  const names = async (query: string): Promise<string[]> =>
    (await list(query)).results.map(({ externalId }: { externalId: string }) => externalId);
  return { ...client, list, names };
}

test('payments come newest first unless asked otherwise', async () => {
  const { names } = await openWithDays(3);
  expect(await names('')).toEqual(['p3', 'p2', 'p1']);
  expect(await names('sort=createdAt:asc')).toEqual(['p1', 'p2', 'p3']);
});

test('payments can be sorted by their last move', async () => {
  const { names, list, post } = await openWithDays(3);
  const first = (await list('sort=createdAt:asc&limit=1')).results[0];
  await post(`/sandbox/payments/${first.id}/authorized`);
  expect(await names('sort=updatedAt:desc')).toEqual(['p1', 'p3', 'p2']);
});

test('both days of a date window are inside it', async () => {
  const { names } = await openWithDays(5);
  expect(await names('startDate=19/05/2026&endDate=21/05/2026')).toEqual(['p4', 'p3', 'p2']);
  expect(await names('startDate=21/05/2026')).toEqual(['p5', 'p4']);
  expect(await names('endDate=18/05/2026')).toEqual(['p1']);
});

test('pages carry offsets, what was shown so far and the total', async () => {
  const { list } = await openWithDays(5);
  const first = await list('limit=2');
  expect(first.pagination).toEqual({ count: 2, next: 2, previous: 0, total: 5 });
  const last = await list('limit=2&offset=4');
  expect(last.pagination).toEqual({ count: 5, next: 0, previous: 2, total: 5 });
  expect(last.results).toHaveLength(1);
});

test('filters narrow by account, identity, type, status list and currency', async () => {
  const { post, get, capture } = await openSandbox();
  await post('/sandbox/payments', collectBody());
  await post('/sandbox/payments', purchaseBody());
  await capture(p2pBody());
  const types = async (query: string): Promise<string[]> =>
    (await get(`/sandbox/payments?${query}`)).body.results.map(({ type }: { type: string }) => type);
  expect(await types(`accountNumber=${COP_COLLECTOR.accountNumber}`)).toEqual(['COLLECT']);
  expect(await types(`identityId=${COP_PAYER.identityId}`)).toEqual(['P2P']);
  expect(await types('type=PURCHASE')).toEqual(['PURCHASE']);
  expect(await types('status=CAPTURED')).toEqual(['P2P']);
  expect(await types('status=CAPTURED,CREATED')).toHaveLength(3);
  expect(await types('currency=CLP')).toEqual(['PURCHASE']);
  expect(await types('accountNumber=1')).toEqual([]);
  expect(await types('checkoutSessionId=abc')).toEqual([]);
});

test('there is no filter on externalId: the parameter is ignored', async () => {
  const { names } = await openWithDays(2);
  expect(await names('externalId=p1')).toEqual(['p2', 'p1']);
});

test.each([
  'startDate=2026-05-18',
  'endDate=31/02/2026',
  'sort=amount:asc',
  'limit=0',
  'limit=x',
  'offset=-1',
])('%s is refused', async (query) => {
  const { get } = await openSandbox();
  expect((await get(`/sandbox/payments?${query}`)).body).toMatchObject({ status: 400, code: '11' });
});
