import { paymentBody } from '../payment.ts';
import { enveloped } from './envelopes.ts';
import type { Operation } from './operation.ts';
import { readFilter, readSort, select } from './payment-query.ts';
import { given, readPage, readTimeWindow } from './read-query.ts';

/** There is no filter on `externalId`: no source of the provider has one, so the parameter is ignored. */
export const listPayments: Operation = {
  name: 'list',
  method: 'GET',
  path: '/sandbox/payments',
  access: 'token',
  run: ({ view, settings }, { query }) => {
    const page = readPage(query);
    const inOrder = view.inOrder(given(query, 'accountNumber'));
    const sort = readSort(query);
    const { results, total } = select(inOrder, readTimeWindow(query), readFilter(query), sort, page);
    return enveloped(settings().shapes.payments, page, results.map(paymentBody), total);
  },
};
