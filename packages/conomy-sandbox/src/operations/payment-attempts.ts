import { readCreateBody } from '../create-body.ts';
import { ConomyError } from '../errors.ts';
import { paymentBody } from '../payment.ts';
import { createContext } from './create-payment.ts';
import { idOfPath, type Operation } from './operation.ts';
import { readFilter, readSort, select } from './payment-query.ts';
import { given, pagination, readPage, readTimeWindow } from './read-query.ts';
import { Reply } from './reply.ts';
import { writtenBody } from './written-body.ts';

/** Validated as a payment is, and recorded apart from them: nothing ever moves by an attempt. */
export const createAttempt: Operation = {
  name: 'attempt',
  method: 'POST',
  path: '/sandbox/payment-attempts',
  access: 'token',
  run: (sandbox, { body }) => {
    const attempt = sandbox.payments.createAttempt(readCreateBody(body, createContext(sandbox)));
    return new Reply(201, writtenBody(sandbox, attempt, ['id', 'type', 'status']));
  },
};

export const readAttempt: Operation = {
  name: 'attempt-read',
  method: 'GET',
  path: '/sandbox/payment-attempts/:id',
  access: 'token',
  paymentId: idOfPath,
  run: ({ view }, { id }) => {
    const attempt = view.attempts.find(id);
    if (!attempt) throw new ConomyError('31', `payment attempt ${id} does not exist`);
    return paymentBody(attempt);
  },
};

/** `next` asks for a page by where it begins; the rows are under `data`, the envelope's own are empty. */
export const listAttempts: Operation = {
  name: 'attempt-list',
  method: 'GET',
  path: '/sandbox/payment-attempts',
  access: 'token',
  run: ({ view, settings }, { query }) => {
    const page = readPage(query, 'next');
    const inOrder = view.attempts.inOrder(given(query, 'accountNumber'));
    const window = readTimeWindow(query, settings().clock);
    const { results, total } = select(inOrder, window, readFilter(query), readSort(query), page);
    return {
      data: results.map(paymentBody),
      pagination: { pagination: pagination(page, results.length, total), results: [] },
    };
  },
};
