import { paymentBody } from '../payment.ts';
import { enveloped } from './envelopes.ts';
import type { Operation } from './operation.ts';
import { listed, readFilter, readSort, select } from './payment-query.ts';
import { given, readPage, readTimeWindow } from './read-query.ts';

/** There is no filter on `externalId`: no source of the provider has one, so the parameter is ignored. */
export const listPayments: Operation = {
  name: 'list',
  method: 'GET',
  path: '/sandbox/payments',
  access: 'token',
  run: (sandbox, { query }) => {
    const page = readPage(query);
    const { clock, shapes } = sandbox.settings();
    const inOrder = listed(sandbox, given(query, 'accountNumber'));
    const sort = readSort(query);
    const { results, total } = select(inOrder, readTimeWindow(query, clock), readFilter(query), sort, page);
    return enveloped(shapes.payments, page, results.map(paymentBody), total);
  },
};
