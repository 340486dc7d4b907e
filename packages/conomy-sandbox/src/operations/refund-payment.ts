import { optionalText, requireObject } from '../read-fields.ts';
import { refundReceipt } from '../refunds.ts';
import { findPayment } from './find-payment.ts';
import { idOfPath, type Operation } from './operation.ts';
import { Reply } from './reply.ts';

export const refundPayment: Operation = {
  name: 'refund',
  method: 'POST',
  path: '/sandbox/payments/:id/refund',
  access: 'token',
  paymentId: idOfPath,
  run: (sandbox, { id, body }) => {
    const parent = findPayment(sandbox, id);
    const fields = requireObject(body ?? {}, 'the body');
    const amount = optionalText(fields, 'amount');
    const reason = optionalText(fields, 'reason');
    return new Reply(201, refundReceipt(sandbox.payments.refund(parent, { amount, reason })));
  },
};
