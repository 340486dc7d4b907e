import { readCreateBody } from '../create-body.ts';
import { paymentBody } from '../payment.ts';
import type { Operation } from './operation.ts';

export const createPayment: Operation = {
  name: 'create',
  method: 'POST',
  path: '/sandbox/payments',
  access: 'token',
  run: ({ accounts, payments, now }, { body }) =>
    paymentBody(payments.create(readCreateBody(body, accounts, now()))),
};
