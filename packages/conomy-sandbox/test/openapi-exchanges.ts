import { railSamples } from '@capstan/shared/domain/rail-samples';
import { COP_PAYER } from '../src/default-accounts.ts';
import type { Exchange } from './openapi-facts.ts';
import { collectBody, p2pBody } from './payment-bodies.ts';
import { CREDENTIALS, openSandbox, send } from './sandbox-client.ts';

/** Every documented operation the sandbox plays, called at least once, with payments of every type and rail. */
export async function exchangeEverything(): Promise<Exchange[]> {
  const client = await openSandbox();
  const exchanges: Exchange[] = [];
  const call = async (method: 'get' | 'post', path: string, at: string, sent?: unknown) => {
    const { status, body } =
      method === 'get' ? await client.get(`/sandbox${at}`) : await client.post(`/sandbox${at}`, sent);
    exchanges.push({ method, path, status, answered: body, ...(sent === undefined ? {} : { sent }) });
    return body;
  };
  const { apiKey, ...own } = CREDENTIALS;
  const auth = await send(client.sandbox.url, 'POST', '/sandbox/auth', { 'x-api-key': apiKey }, own);
  exchanges.push({ method: 'post', path: '/auth', sent: own, status: auth.status, answered: auth.body });

  const bodies = [collectBody(), ...railSamples.map(({ body }) => body)];
  for (const body of bodies) await call('post', '/payments', '/payments', body);
  const { id } = await call('post', '/payments', '/payments', p2pBody());
  await call('post', '/payments/{id}/authorized', `/payments/${id}/authorized`);
  await call('post', '/payments/{id}/captured', `/payments/${id}/captured`, {});
  await call('post', '/payments/received', '/payments/received', { transactionId: id, signature: 'none' });
  await client.transition(id, 'SETTLED');
  const refund = await client.post(`/sandbox/payments/${id}/refund`, { amount: '1.00' });
  await call('get', '/payments/{id}', `/payments/${id}`);
  await call('get', '/payments/{id}', `/payments/${refund.body.refundId}`);
  await call('get', '/payments', '/payments');
  const attempt = await call(
    'post',
    '/payment-attempts',
    '/payment-attempts',
    p2pBody({ totalAmount: '15000.00' }),
  );
  await call('get', '/payment-attempts/{id}', `/payment-attempts/${attempt.id}`);
  await call('get', '/payment-attempts', '/payment-attempts');
  const account = await call('get', '/accounts', `/accounts?accountNumber=${COP_PAYER.accountNumber}`);
  await call('get', '/accounts', '/accounts');
  await call('get', '/accounts/{id}', `/accounts/${account.id}`);
  await call('get', '/payments/available-products', '/payments/available-products');
  await call('get', '/payment-origins', '/payment-origins?currency=CLP');
  await call('get', '/payment-destinations', '/payment-destinations?currency=BRL');
  await call('get', '/payments/banks/{country}', '/payments/banks/COL');
  await call('get', '/payments', '/payments?limit=none');
  await client.post('/_sandbox/config', { shapes: { errors: 'older', accounts: 'page' } });
  await call('get', '/payments', '/payments?limit=none');
  await call('get', '/accounts', `/accounts?accountNumber=${COP_PAYER.accountNumber}`);
  return exchanges;
}
