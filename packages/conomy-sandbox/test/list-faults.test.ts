/** Lists that change, lag or come in pieces while they are read; and days of more payments than fit in one's memory. */
import { expect, test } from 'vitest';
import { COP_COLLECTOR, COP_PAYER } from '../src/default-accounts.ts';
import { p2pBody } from './payment-bodies.ts';
import { openSandbox, type SandboxClient } from './sandbox-client.ts';

const ACCOUNT = COP_PAYER.accountNumber;
const list = `/sandbox/payments?accountNumber=${ACCOUNT}`;

async function withPayments(count: number): Promise<SandboxClient & { ids: string[] }> {
  const sandbox = await openSandbox();
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { body } = await sandbox.post('/sandbox/payments', p2pBody({ externalId: `order-${n}` }));
    ids.push(body.id);
  }
  return { ...sandbox, ids };
}

const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id);

test('rows-inserted: what others make above pushes known rows to the next page', async () => {
  const { get, faults, ids, ledger } = await withPayments(4);
  const first = await get(`${list}&limit=2&offset=0`);
  await faults([{ operation: 'list', fault: 'rows-inserted', rows: 2, count: 1 }]);
  const second = await get(`${list}&limit=2&offset=2`);
  expect(idsOf(second.body.results)).toEqual(idsOf(first.body.results));
  expect(second.body.pagination.total).toBe(6);
  const { payments, filled } = await ledger();
  expect(idsOf(payments)).toEqual(ids);
  expect(filled).toEqual([{ accountNumber: ACCOUNT, type: 'P2P', count: 2 }]);
});

test('rows-inserted: how many is drawn from 0 to 200, the same for the same seed', async () => {
  const totals = async (seed: number): Promise<number[]> => {
    const { get, faults } = await openSandbox();
    await faults([{ operation: 'list', fault: 'rows-inserted' }], seed);
    const seen: number[] = [];
    for (let n = 0; n < 8; n += 1) seen.push((await get(`${list}&limit=1`)).body.pagination.total);
    return seen;
  };
  const first = await totals(1);
  expect(await totals(1)).toEqual(first);
  expect(await totals(2)).not.toEqual(first);
  const steps = first.map((total, nth) => total - (first[nth - 1] ?? 0));
  expect(Math.min(...steps)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...steps)).toBeLessThanOrEqual(200);
});

test('rows-moved: a page begins further on, and its rows stand on the next page too', async () => {
  const { get, faults, ids } = await withPayments(4);
  const newestFirst = ids.toReversed();
  await faults([{ operation: 'list', fault: 'rows-moved', rows: 1, count: 1 }]);
  const first = await get(`${list}&limit=2&offset=0`);
  const second = await get(`${list}&limit=2&offset=2`);
  expect(idsOf(first.body.results)).toEqual(newestFirst.slice(1, 3));
  expect(idsOf(second.body.results)).toEqual(newestFirst.slice(2, 4));
  expect(first.body.pagination).toEqual({ count: 2, next: 2, previous: 0, total: 4 });
});

test.each([
  ['cursor', { count: 2, next: 0, previous: 0, total: 1 }],
  ['offset', { limit: 2, offset: 0, total: 1 }],
] as const)('total-lags: the %s envelope tells fewer rows than there are', async (payments, pagination) => {
  const { get, post, faults } = await withPayments(3);
  await post('/_sandbox/config', { shapes: { payments } });
  await faults([{ operation: 'list', fault: 'total-lags', rows: 2 }]);
  const { body } = await get(`${list}&limit=2&offset=0`);
  expect(body.results).toHaveLength(2);
  expect(body.pagination).toEqual(pagination);
});

test('total-lags: refunds in a bare envelope and attempts in a nested one lag as well', async () => {
  const { get, post, capture, transition, faults } = await openSandbox({ shapes: { refunds: 'total' } });
  const id = await capture(p2pBody());
  await transition(id, 'SETTLED');
  await post(`/sandbox/payments/${id}/refund`, { amount: '1.00' });
  await post('/sandbox/payment-attempts', p2pBody());
  await faults([{ operation: '*', fault: 'total-lags', rows: 1 }]);
  expect((await get('/sandbox/refunds')).body).toMatchObject({
    total: 0,
    refunds: [{ parentPaymentId: id }],
  });
  const attempts = await get('/sandbox/payment-attempts');
  expect(attempts.body.pagination.pagination).toMatchObject({ total: 0, next: 0 });
});

test('short-page: fewer rows come than were asked for, and the next page is named behind them', async () => {
  const { get, faults } = await withPayments(4);
  await faults([{ operation: 'list', fault: 'short-page' }]);
  const { body } = await get(`${list}&limit=4`);
  expect([1, 2]).toContain(body.results.length);
  expect(body.pagination.next).toBe(body.results.length);
});

test.each([
  ['429-mid-walk', 429],
  ['slow-mid-walk', 200],
])('%s: the first page is as ever, only later ones are hit', async (fault, status) => {
  const { get, faults } = await withPayments(2);
  await faults([{ operation: 'list', fault, delayMs: 40 }]);
  expect((await get(`${list}&limit=1&offset=0`)).status).toBe(200);
  const startedAt = performance.now();
  expect((await get(`${list}&limit=1&offset=1`)).status).toBe(status);
  if (status === 200) expect(performance.now() - startedAt).toBeGreaterThanOrEqual(39);
  expect((await get('/_sandbox/faults')).body.rules[0]).toMatchObject({ matched: 1, fired: 1 });
});

test('listed-late: what a write made is read at once and listed later', async () => {
  const { get, post, faults } = await openSandbox();
  await faults([{ operation: 'create', fault: 'listed-late', delayMs: 300 }]);
  const { body } = await post('/sandbox/payments', p2pBody());
  expect((await get(`/sandbox/payments/${body.id}`)).status).toBe(200);
  expect((await get(list)).body.results).toEqual([]);
  await expect.poll(async () => idsOf((await get(list)).body.results)).toEqual([body.id]);
});

test('rows-without-parent: no list of refunds says whose they are', async () => {
  const { get, post, capture, transition, faults } = await openSandbox();
  const id = await capture(p2pBody());
  await transition(id, 'SETTLED');
  await post(`/sandbox/payments/${id}/refund`, { amount: '1.00' });
  await faults([{ operation: '*', fault: 'rows-without-parent' }]);
  const rows = [
    ...(await get(`/sandbox/refunds?parentPaymentId=${id}`)).body.results,
    ...(await get(`/sandbox/payments/${id}/refunds`)).body.refunds,
  ];
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row).not.toHaveProperty('parentPaymentId');
});

test('a day of 20,000 and an account of 100,000 payments are made at once and walked in pages', async () => {
  const { get, post } = await openSandbox();
  const fill = { accountNumber: ACCOUNT, type: 'P2P' };
  await post('/_sandbox/fill', { ...fill, count: 80_000, day: '2026-01-01' });
  await post('/_sandbox/fill', { ...fill, count: 20_000, day: '2026-01-02' });
  expect((await get(`${list}&limit=1`)).body.pagination.total).toBe(100_000);
  const day = `${list}&startDate=02/01/2026&endDate=02/01/2026&sort=createdAt:asc&limit=500`;
  const seen = new Set<string>();
  for (let offset = 0; ; offset += 500) {
    const { results } = (await get(`${day}&offset=${offset}`)).body;
    if (results.length === 0) break;
    for (const row of results) {
      expect(row.createdAt.startsWith('2026-01-02T')).toBe(true);
      seen.add(row.id);
    }
  }
  expect(seen.size).toBe(20_000);
});

test('a row that others made becomes a payment when a call names it, marked as theirs', async () => {
  const { get, post, ledger } = await openSandbox();
  await post('/_sandbox/fill', { accountNumber: ACCOUNT, count: 3, day: '2026-01-01' });
  const rows = (await get(list)).body.results;
  const { body } = await get(`/sandbox/payments/${rows[1].id}`);
  expect(body).toEqual(rows[1]);
  expect((await post(`/sandbox/payments/${rows[1].id}/captured`)).body.status).toBe('CAPTURED');
  expect((await ledger()).payments).toMatchObject([
    { id: rows[1].id, madeBy: 'others', effects: { capture: 1 }, calls: { capture: 1, read: 1 } },
  ]);
  expect(idsOf((await get(list)).body.results)).toEqual(idsOf(rows));
});

test('rows are made only on an account that exists', async () => {
  const { post } = await openSandbox();
  const fill = { accountNumber: 'nobody', count: 1, day: '2026-01-01' };
  expect(await post('/_sandbox/fill', fill)).toMatchObject({ status: 404, body: { code: '31' } });
  expect((await post('/_sandbox/fill', { ...fill, accountNumber: COP_COLLECTOR.accountNumber })).status).toBe(
    200,
  );
});
