import { expect, test } from 'vitest';
import { CLP_MERCHANT, COP_COLLECTOR, COP_PAYER, SECOND_COP_COLLECTOR } from '../src/default-accounts.ts';
import { accountNode, collectBody, etpayNode, p2pBody, purchaseBody } from './payment-bodies.ts';
import { openSandbox } from './sandbox-client.ts';

test.each([
  ['COLLECT', collectBody()],
  ['P2P', p2pBody()],
  ['PURCHASE', purchaseBody()],
])('a %s is recorded as CREATED with all its fields and moves no money', async (type, body) => {
  const { post, get, ledger } = await openSandbox();
  const before = (await ledger()).accounts;
  const created = await post('/sandbox/payments', body);
  expect(created.status).toBe(200);
  expect(created.body).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    type,
    status: 'CREATED',
    externalId: body.externalId,
    purchaseAmount: body.purchaseAmount,
    totalAmount: body.purchaseAmount,
    createdAt: expect.any(String),
  });
  expect((await get(`/sandbox/payments/${created.body.id}`)).body).toEqual(created.body);
  expect((await ledger()).accounts).toEqual(before);
});

test('a hosted rail comes back with what the payer needs', async () => {
  const { post } = await openSandbox();
  const { body } = await post('/sandbox/payments', purchaseBody());
  expect(body.origins[0].etpay).toMatchObject({
    successUrl: 'https://shop.example/ok',
    url: expect.stringMatching(/^https:\/\//),
    expiresAt: expect.stringMatching(/Z$/),
  });
});

test('the same externalId again makes a twin, and the ledger shows it', async () => {
  const { post, ledger } = await openSandbox();
  const first = await post('/sandbox/payments', p2pBody());
  const second = await post('/sandbox/payments', p2pBody());
  expect(second.status).toBe(200);
  expect(second.body.id).not.toBe(first.body.id);
  expect((await ledger()).byExternalId).toEqual({ 'p2p-1001': 2 });
});

test('an amount may be given as totalAmount alone', async () => {
  const { post } = await openSandbox();
  const body = p2pBody({ purchaseAmount: undefined, totalAmount: '15000.00' });
  expect((await post('/sandbox/payments', body)).body).toMatchObject({ purchaseAmount: '15000.00' });
});

test('amounts of one value in different texts agree, and are read back as sent', async () => {
  const { post } = await openSandbox();
  const answer = await post('/sandbox/payments', p2pBody({ purchaseAmount: '15000' }));
  expect(answer.body).toMatchObject({ status: 'CREATED', purchaseAmount: '15000' });
});

const payer = (amount?: string) => accountNode(COP_PAYER, amount);

test.each([
  ['externalId missing', p2pBody({ externalId: undefined }), 400, '12', 'externalId'],
  ['identityId missing', p2pBody({ identityId: '' }), 400, '12', 'identityId'],
  ['product missing', p2pBody({ product: undefined }), 400, '12', 'product'],
  ['both amounts missing', p2pBody({ purchaseAmount: undefined }), 400, '12', 'purchaseAmount'],
  [
    'both currencies missing',
    p2pBody({ currency: undefined, purchaseCurrency: undefined }),
    400,
    '12',
    'urrency',
  ],
  ['origins missing', p2pBody({ origins: undefined }), 400, '12', 'origins'],
  ['origins empty', p2pBody({ origins: [] }), 400, '11', 'origins'],
  ['an amount that is a number', p2pBody({ purchaseAmount: 15000 }), 400, '11', 'purchaseAmount'],
  ['an amount too fine', p2pBody({ purchaseAmount: '15000.001' }), 400, '11', 'purchaseAmount'],
  ['an amount of zero', p2pBody({ purchaseAmount: '0.00' }), 400, '11', 'purchaseAmount'],
  ['decimals of CLP', purchaseBody({ purchaseAmount: '49990.00' }), 400, '11', 'purchaseAmount'],
  ['two amounts that differ', p2pBody({ totalAmount: '15000.01' }), 400, '11', 'totalAmount'],
  ['another product', p2pBody({ product: 'COP:USD' }), 400, '11', 'product'],
  [
    'an unknown currency',
    p2pBody({ currency: 'XXX', purchaseCurrency: 'XXX', product: 'XXX:XXX' }),
    400,
    '11',
    'XXX',
  ],
  ['an exchange', p2pBody({ purchaseCurrency: 'USD', product: 'USD:COP' }), 501, '42', 'USD:COP'],
  ['a type nobody creates', p2pBody({ type: 'FEE' }), 501, '42', 'FEE'],
  ['a type nobody knows', p2pBody({ type: 'GIFT' }), 400, '11', 'GIFT'],
  ['an unknown account', p2pBody({ accountNumber: '1' }), 404, '31', 'account 1'],
  ["another identity's account", p2pBody({ identityId: COP_COLLECTOR.identityId }), 404, '31', 'account'],
  ['an account in another currency', p2pBody(idsOf(CLP_MERCHANT)), 400, '11', 'CLP'],
  ['a node whose account is unknown', p2pBody({ origins: [nodeOf('1')] }), 404, '31', 'account 1'],
  ['a node without identity', p2pBody({ origins: [{ ...payer(), identity: {} }] }), 400, '12', 'identityId'],
  ['a node type nobody knows', p2pBody({ origins: [{ ...payer(), type: 'CASH' }] }), 400, '11', 'CASH'],
  ['a rail on a side of accounts', p2pBody({ origins: [etpayNode()] }), 400, '11', 'ACCOUNT'],
  [
    'an account on a side of rails',
    purchaseBody({ origins: [accountNode(CLP_MERCHANT)] }),
    400,
    '11',
    'among the origins',
  ],
  ['two rail objects', purchaseBody({ origins: [etpayNode({ webpay: {} })] }), 400, '11', 'exactly one'],
  [
    'the rail object of another type',
    purchaseBody({ origins: [etpayNode({ type: 'WEBPAY' })] }),
    400,
    '11',
    'webpay',
  ],
  ['no rail object', purchaseBody({ origins: [{ type: 'ETPAY', currency: 'CLP' }] }), 400, '12', 'etpay'],
  [
    'a rail without a required field',
    purchaseBody({ origins: [etpayNode({ etpay: {} })] }),
    400,
    '12',
    'successUrl',
  ],
  [
    'a node in another currency',
    purchaseBody({ origins: [etpayNode({ currency: 'COP' })] }),
    400,
    '11',
    'CLP',
  ],
  ['a side that does not add up', p2pBody({ origins: [payer('14999.99')] }), 400, '11', 'add up'],
  ['several nodes without amounts', collectBody({ origins: [payer(), payer()] }), 400, '12', 'amount'],
  ['a COLLECT origin without amount', collectBody({ origins: [payer()] }), 400, '12', 'origins[0].amount'],
  [
    'a COLLECT to two accounts',
    collectBody({ destinations: [payer('1'), payer('29999')] }),
    400,
    '11',
    'at most 1',
  ],
  ['a COLLECT of another account', collectBody(idsOf(SECOND_COP_COLLECTOR)), 400, '11', 'accountNumber'],
  ['a P2P of another account', p2pBody(idsOf(COP_COLLECTOR)), 400, '11', 'accountNumber'],
  ['an expiresAt that is no instant', p2pBody({ expiresAt: 'soon' }), 400, '11', 'expiresAt'],
  ['a body that is no object', [], 400, '11', 'object'],
])('%s is refused', async (_case, body, status, code, detail) => {
  const { post, ledger } = await openSandbox();
  const answer = await post('/sandbox/payments', body);
  expect(answer).toMatchObject({ status, body: { status, code, detail: expect.stringContaining(detail) } });
  expect((await ledger()).payments).toEqual([]);
});

function idsOf({ identityId, accountNumber }: { identityId: string; accountNumber: string }) {
  return { identityId, accountNumber };
}

function nodeOf(accountNumber: string) {
  return { ...payer(), account: { accountNumber } };
}
