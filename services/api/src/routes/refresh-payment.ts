import { retrySetAside } from '@capstan/shared/db/item-faults';
import { findPayment } from '@capstan/shared/db/payments';
import { type ReadContext, readMirroredPayment } from '@capstan/shared/mirror/read-payment';
import type { FastifyInstance } from 'fastify';
import { toPaymentAnswer } from '../answers/payment-answer.ts';
import { findPaymentToActOn } from '../find-named-payment.ts';
import { notRead, type Refusal, RefusedError, unknownPayment } from '../problem.ts';

/** One read at Conomy now, for a caller who cannot wait for the schedule, and a try of what was set aside of the payment. */
export function addRefreshRoute(app: FastifyInstance, context: ReadContext): void {
  app.post('/payments/:reference/refresh', { config: { scope: 'enqueue' } }, async (request) => {
    const payment = await findPaymentToActOn(context.pool, request.params);
    const { conomyId, key } = payment;
    if (conomyId === null) throw new RefusedError(notCreated);
    const failure = await readMirroredPayment(context, { ...payment, conomyId });
    if (failure !== null) throw new RefusedError(notRead(failure));
    await retrySetAside(context.pool, key);
    const after = await findPayment(context.pool, key);
    if (after === null) throw new RefusedError(unknownPayment);
    return { payment: toPaymentAnswer(after) };
  });
}

const notCreated: Refusal = {
  code: 'payment_not_created',
  detail: 'Conomy has not told an id of this payment yet, so there is nothing to read. Look at its command.',
};
