/**
 * A client made from Capstan's own API document: one payment, from its command until it is settled.
 *
 *   CAPSTAN_API=http://127.0.0.1:8080 pnpm --filter @capstan/example-typescript-client generate
 *   CAPSTAN_API=http://127.0.0.1:8080 CAPSTAN_KEY=… pnpm --filter @capstan/example-typescript-client start
 */
import { randomUUID } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { components, paths } from './generated/capstan.d.ts';

const { CAPSTAN_API = 'http://127.0.0.1:8080', CAPSTAN_KEY = '' } = process.env;
const capstan = createClient<paths>({
  baseUrl: CAPSTAN_API,
  headers: { authorization: `Bearer ${CAPSTAN_KEY}` },
});

const command: components['schemas']['CreatePaymentCommand'] = {
  type: 'payment.create',
  payment: {
    externalId: randomUUID(),
    identityId: '67f21a61d6d09fcbb4e84631',
    accountNumber: '1743919714051743919010211',
    type: 'P2P',
    product: 'COP:COP',
    purchaseAmount: '15000.00',
    purchaseCurrency: 'COP',
    totalAmount: '15000.00',
    currency: 'COP',
    origins: [
      {
        type: 'ACCOUNT',
        currency: 'COP',
        amount: '15000.00',
        identity: { identityId: '67f21a61d6d09fcbb4e84631' },
        account: { accountNumber: '1743919714051743919010211' },
      },
    ],
    destinations: [
      {
        type: 'ACCOUNT',
        currency: 'COP',
        amount: '15000.00',
        identity: { identityId: '67f21d17d6d09fcbb4e84632' },
        account: { accountNumber: '17439204080520250406060905072' },
      },
    ],
  },
  then: ['capture'],
};

const accepted = await capstan.POST('/v1/commands', {
  params: { header: { 'Idempotency-Key': randomUUID() } },
  body: command,
});
if (accepted.error) throw new Error(`${accepted.error.code}: ${accepted.error.detail}`);

const { key } = accepted.data.command.payment;
const read = await capstan.GET('/v1/payments/{reference}', {
  params: { path: { reference: key }, query: { wait: 30 } },
});
if (read.error) throw new Error(`${read.error.code}: ${read.error.detail}`);

const { id, status, mirror } = read.data.payment;
console.log(JSON.stringify({ id, status, final: mirror.final }));
