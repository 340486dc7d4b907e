import { RAILS } from '@capstan/shared/domain/rails';
import { expect, test } from 'vitest';
import { CLP_MERCHANT } from '../src/default-accounts.ts';
import { openSandbox } from './sandbox-client.ts';

test('available products name each rail of a currency with its direction, fields and limits', async () => {
  const { get } = await openSandbox({ limits: { ETPAY: { minAmount: '1000' } } });
  const { body } = await get('/sandbox/payments/available-products?identityId=x&currencies=CLP,BRL');
  expect(body.supportedPaymentCurrencies).toEqual(['CLP', 'BRL']);
  const [clp, brl] = body.byCurrency;
  expect(clp.payin.paymentMethods).toEqual(expect.arrayContaining(['ETPAY', 'FINTOC', 'WEBPAY']));
  const etpay = clp.payin.products.find(({ type }: { type: string }) => type === 'ETPAY');
  expect(etpay).toEqual({
    name: 'ETPAY',
    type: 'ETPAY',
    currency: 'CLP',
    product: 'CLP:CLP',
    requiredFields: [
      'etpay.successUrl',
      'etpay.failedUrl',
      'etpay.customer.firstName',
      'etpay.customer.email',
    ],
    validDestinations: ['ACCOUNT'],
    minAmount: '1000',
  });
  const pix = brl.payout.products.find(({ type }: { type: string }) => type === 'PIX');
  expect(pix).toMatchObject({ requiredFields: ['pix.pixKeyType', 'pix.pixKey'], validOrigins: ['ACCOUNT'] });
});

test('without currencies the products of the identity’s accounts are told', async () => {
  const { get } = await openSandbox();
  const path = `/sandbox/payments/available-products?identityId=${CLP_MERCHANT.identityId}`;
  const { body } = await get(path);
  expect(body.byCurrency.map(({ currency }: { currency: string }) => currency)).toEqual(['CLP']);
});

test('the flat spelling names the payment types of each product', async () => {
  const { get } = await openSandbox();
  const { body } = await get('/sandbox/payments/available-products?purchaseCurrency=BRL&currency=USD');
  const ach = body.products.find(
    ({ type, validOrigins }: { type: string; validOrigins?: string[] }) => type === 'ACH' && validOrigins,
  );
  expect(ach).toMatchObject({ product: 'BRL:USD', paymentTypes: ['WITHDRAWAL_ACCOUNT', 'REMITTANCE'] });
});

test('origins and destinations are the rails of an account’s currency', async () => {
  const { get } = await openSandbox();
  const nodes = async (path: string) =>
    (await get(path)).body.map(({ type }: { type: string }) => type) as string[];
  const { accountNumber } = CLP_MERCHANT;
  expect(await nodes(`/sandbox/payment-origins?accountNumber=${accountNumber}`)).toContain('WEBPAY');
  const out = await nodes(`/sandbox/payment-destinations?accountNumber=${accountNumber}&type=BANK_ACCOUNT`);
  expect(out).toEqual(['BANK_ACCOUNT']);
  expect((await get('/sandbox/payment-origins')).body.code).toBe('12');
});

test('every country whose rail names a bank has banks', async () => {
  const { get } = await openSandbox();
  const wanting = Object.values(RAILS).filter((rail) => JSON.stringify(rail).includes('"bankId"'));
  const countries = new Set(wanting.flatMap(({ countries }) => countries ?? []));
  for (const country of countries) {
    const { body } = await get(`/sandbox/payments/banks/${country}`);
    expect(body[0]).toEqual({ code: expect.any(String), name: expect.any(String), countryCode: country });
  }
  expect((await get('/sandbox/payments/banks/JPN')).body).toEqual([]);
  expect((await get('/sandbox/payments/banks/co')).body.code).toBe('11');
});
