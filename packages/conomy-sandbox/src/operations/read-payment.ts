import { paymentBody } from '../payment.ts';
import { findShownPayment } from './find-payment.ts';
import { idOfPath, type Operation } from './operation.ts';

export const readPayment: Operation = {
  name: 'read',
  method: 'GET',
  path: '/sandbox/payments/:id',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, { id }) => paymentBody(findShownPayment(sandbox, id)),
};
