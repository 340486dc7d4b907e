import { expect, test } from 'vitest';
import { CLP_MERCHANT, COP_COLLECTOR, DEFAULT_ACCOUNTS } from '../src/default-accounts.ts';
import { openSandbox } from './sandbox-client.ts';

test('an account asked for by number is answered as one bare object', async () => {
  const { get } = await openSandbox();
  const { body } = await get(`/sandbox/accounts?accountNumber=${COP_COLLECTOR.accountNumber}`);
  expect(body).toMatchObject({
    ...COP_COLLECTOR,
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    balance: '10000000000.00',
    status: 'ACTIVE',
  });
  expect((await get(`/sandbox/accounts/${body.id}`)).body).toEqual(body);
});

test('accounts without a number are answered as a nested page', async () => {
  const { get } = await openSandbox();
  const all = await get('/sandbox/accounts?limit=2');
  expect(all.body.pagination.pagination).toEqual({
    count: 2,
    next: 2,
    previous: 0,
    total: DEFAULT_ACCOUNTS.length,
  });
  const clp = await get('/sandbox/accounts?currency=CLP');
  expect(clp.body.pagination.results).toMatchObject([{ accountNumber: CLP_MERCHANT.accountNumber }]);
});

test.each(['/sandbox/accounts?accountNumber=1', '/sandbox/accounts/1'])('%s is 404', async (path) => {
  const { get } = await openSandbox();
  expect((await get(path)).body).toMatchObject({ status: 404, code: '31' });
});
