import type { Payment } from '../payment.ts';
import type { Payments } from '../payments.ts';
import { findPayment } from './find-payment.ts';
import { idOfPath, type Operation } from './operation.ts';
import { writtenBody } from './written-body.ts';

export const authorizePayment: Operation = {
  name: 'authorize',
  method: 'POST',
  path: '/sandbox/payments/:id/authorized',
  access: 'token',
  paymentId: idOfPath,
  run: moving((payments, payment) => payments.authorize(payment)),
};

export const capturePayment: Operation = {
  name: 'capture',
  method: 'POST',
  path: '/sandbox/payments/:id/captured',
  access: 'token',
  paymentId: idOfPath,
  run: moving((payments, payment) => payments.capture(payment)),
};

function moving(move: (payments: Payments, payment: Payment) => void): Operation['run'] {
  return (sandbox, { id }) => {
    const payment = findPayment(sandbox, id);
    move(sandbox.payments, payment);
    return writtenBody(sandbox, payment, ['id', 'status', 'capturedAt', 'authorizedAt']);
  };
}
