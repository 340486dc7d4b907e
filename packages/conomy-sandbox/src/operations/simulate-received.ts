import { type Payment, paymentBody } from '../payment.ts';
import { missing } from '../read-fields.ts';
import type { Sandbox } from '../sandbox.ts';
import { findPayment } from './find-payment.ts';
import { bodyText, type Operation, type OperationRequest } from './operation.ts';

/** The form in use: its answer carries no state. */
export const simulateProviderReceived: Operation = {
  name: 'simulate',
  method: 'POST',
  path: '/sandboxwebhook/payments/received/payment-provider',
  access: 'token',
  paymentId: idOfBody,
  run: (sandbox, request) => {
    receive(sandbox, request);
    return { ok: true };
  },
};

/** The older form: answers the payment. */
export const simulateReceived: Operation = {
  name: 'simulate',
  method: 'POST',
  path: '/sandbox/payments/received',
  access: 'token',
  paymentId: idOfBody,
  run: (sandbox, request) => paymentBody(receive(sandbox, request)),
};

function receive(sandbox: Sandbox, request: OperationRequest): Payment {
  const id = idOfBody(request);
  if (id === undefined) throw missing('id');
  const payment = findPayment(sandbox, id);
  sandbox.payments.receive(payment);
  return payment;
}

/** The schema of the older form names the id `transactionId`, its example `id`. */
function idOfBody({ body }: OperationRequest): string | undefined {
  return bodyText(body, 'id') ?? bodyText(body, 'transactionId');
}
