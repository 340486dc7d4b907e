// The client of production against the sandbox beyond the main job: refunds, attempts, discovery, accounts.
import { createConomyClient } from '@capstan/shared/provider/conomy/client';
import { classifyFailure } from '@capstan/shared/provider/conomy/error-catalogue';
import { describe, expect, onTestFinished, test } from 'vitest';
import { COP_PAYER } from '../src/default-accounts.ts';
import type { SandboxOptions } from '../src/start-sandbox.ts';
import { p2pBody } from './payment-bodies.ts';
import { CREDENTIALS, openSandbox } from './sandbox-client.ts';

async function open(options: Partial<SandboxOptions> = {}) {
  const control = await openSandbox(options);
  const client = createConomyClient({
    baseUrl: `${control.sandbox.url}/sandbox`,
    ...CREDENTIALS,
    apiVersion: '24-04-2025',
    userAgent: 'Capstan/1.0',
  });
  onTestFinished(() => client.close());
  const settled = async () => {
    const id = await control.capture(p2pBody());
    for (const status of ['RECEIVED', 'SETTLED']) await control.transition(id, status);
    return id;
  };
  return { control, client, settled };
}

test.each(['full', 'partial'] as const)(
  'a document is handed in and shows in the payment (%s)',
  async (writes) => {
    const { client, control } = await open();
    await control.post('/_sandbox/config', { review: { thresholds: { COP: '1' } }, shapes: { writes } });
    const id = await control.capture(p2pBody());
    const document = { type: 'kyc', url: 'https://files.example/kyc.pdf' } as const;
    expect(await client.submitDocument(id, document)).toEqual({ ok: true, value: null });
    expect(await client.readPayment(id)).toMatchObject({
      ok: true,
      value: { status: 'REQUIRES_REVIEW', raw: { documentationStatus: 'UPLOADED' } },
    });
    const refused = await client.submitDocument('nobody', document);
    if (refused.ok) throw new Error('the document was taken');
    expect(classifyFailure('submit_document', refused.failure)).toBe('reject');
  },
);

describe('refunds', () => {
  test.each(['cursor', 'offset', 'total'] as const)(
    'are made and listed in the %s envelope',
    async (refunds) => {
      const { client, control, settled } = await open();
      await control.post('/_sandbox/config', { shapes: { refunds } });
      const parent = await settled();
      const made = await client.refundPayment(parent, { amount: '1.00', reason: 'returned' });
      expect(made).toMatchObject({
        ok: true,
        value: { type: 'REFUND', status: 'RECEIVED', parentPaymentId: parent, totalAmount: '1.00' },
      });
      const id = made.ok ? made.value.id : '';
      expect(await client.listRefundsOf(parent)).toMatchObject({
        ok: true,
        value: { refunds: [{ id, parentPaymentId: parent, totalAmount: '1.00' }], unreadableRows: 0 },
      });
      expect(await client.readPayment(id)).toMatchObject({ ok: true, value: { parentPaymentId: parent } });
    },
  );

  test('of a payment that is not settled, of too much and of no payment are clear refusals', async () => {
    const { client, control, settled } = await open();
    const unsettled = await control.capture(p2pBody());
    const parent = await settled();
    const refusals = await Promise.all([
      client.refundPayment(unsettled, { amount: '1.00' }),
      client.refundPayment(parent, { amount: '900000000.00' }),
      client.refundPayment('nobody', { amount: '1.00' }),
    ]);
    for (const refusal of refusals) {
      if (refusal.ok) throw new Error('the refund was taken');
      expect(classifyFailure('refund', refusal.failure)).toBe('look');
    }
  });

  test('a payment without refunds has an empty list', async () => {
    const { client, settled } = await open();
    expect(await client.listRefundsOf(await settled())).toMatchObject({
      ok: true,
      value: { refunds: [], unreadableRows: 0, listedAt: expect.any(Date) },
    });
  });
});

test('an attempt is made, read and listed page by page', async () => {
  const { client } = await open();
  const made: string[] = [];
  for (const number of [1, 2, 3]) {
    const result = await client.createAttempt(JSON.stringify(p2pBody({ externalId: `attempt-${number}` })));
    if (!result.ok) throw new Error(`no attempt: ${JSON.stringify(result.failure)}`);
    expect(result.value.status).toBe('ATTEMPT');
    made.push(result.value.id);
  }
  expect(await client.readAttempt(made[0] ?? '')).toMatchObject({
    ok: true,
    value: { id: made[0], externalId: 'attempt-1' },
  });
  const listed: string[] = [];
  for (let next: number | null = 0; next !== null; ) {
    const page: Awaited<ReturnType<typeof client.listAttempts>> = await client.listAttempts(
      { accountNumber: COP_PAYER.accountNumber },
      { limit: 2, next },
    );
    if (!page.ok) throw new Error(`no list: ${JSON.stringify(page.failure)}`);
    listed.push(...page.value.payments.map(({ id }) => id));
    next = page.value.nextOffset;
  }
  expect(listed.toSorted()).toEqual(made.toSorted());
});

test('products with their limits and banks are told before anything is sent', async () => {
  const { client, control } = await open();
  await control.post('/_sandbox/config', { limits: { PSE: { minAmount: '1000', maxAmount: '5000000' } } });
  const query = { identityId: COP_PAYER.identityId, currencies: ['COP'] };
  const products = await client.readAvailableProducts(query);
  expect(products.ok && products.value.find(({ rail }) => rail === 'PSE')).toMatchObject({
    currency: 'COP',
    direction: 'payin',
    requiredFields: expect.arrayContaining(['pse.bankId']),
    validDestinations: ['ACCOUNT'],
    minAmount: '1000',
    maxAmount: '5000000',
  });
  expect(await client.readBanks('COL')).toMatchObject({
    ok: true,
    value: expect.arrayContaining([expect.objectContaining({ countryCode: 'COL' })]),
  });
});

test('an account is the same by its number and by its id', async () => {
  const { client } = await open();
  const byNumber = await client.readAccount(COP_PAYER.accountNumber);
  if (!byNumber.ok || byNumber.value === null) throw new Error('the account was not found');
  const byId = await client.readAccountById(String(byNumber.value.raw.id));
  expect(byId).toMatchObject({ ok: true, value: { accountNumber: COP_PAYER.accountNumber } });
  expect(await client.readAccountById('nobody')).toEqual({ ok: true, value: null });
});

test('deposits are listed, summed, assigned and then settled, and belong to no customer here', async () => {
  const account = { accountNumber: '32', identityId: 'me', currency: 'ARS', availableFunds: '0.00' } as const;
  const { client, control } = await open({ accounts: [account] });
  const { id } = (await control.post('/_sandbox/deposits', { amount: '7500.00', providerReference: 'bm-1' }))
    .body;
  const found = await client.readAccount(account.accountNumber);
  const accountId = found.ok ? String(found.value?.raw.id) : '';

  expect(await client.listUnassigned({ search: 'bm-1' }, { limit: 50, offset: 0 })).toMatchObject({
    ok: true,
    value: { deposits: [{ id, amount: '7500.00', currency: 'ARS' }], unreadableRows: 0, nextOffset: null },
  });
  expect(await client.readUnassignedFunds()).toMatchObject({
    ok: true,
    value: { totalAmount: '7500.00', currency: 'ARS', count: 1 },
  });
  expect(await client.readCustomerOf(id)).toEqual({ ok: true, value: { customer: null } });
  expect(await client.assignPayment(id, { accountId })).toMatchObject({
    ok: true,
    value: { id, status: 'SETTLED' },
  });
  expect(await client.readPayment(id)).toMatchObject({ ok: true, value: { status: 'SETTLED' } });
  expect(await client.assignPayment(id, { accountId })).toMatchObject({
    ok: false,
    failure: { stage: 'answered', httpStatus: 422, code: '21' },
  });
});
