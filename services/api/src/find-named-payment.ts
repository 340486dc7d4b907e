import { findPaymentByEither, type PaymentRow } from '@capstan/shared/db/payments';
import type { Pool } from '@capstan/shared/db/pool';
import { z } from 'zod';
import { RefusedError, unknownPayment } from './problem.ts';

const referenceMessage = 'must be our key of the payment or its Conomy id';
/** Our key or Conomy's id; neither has characters beyond these. */
export const paymentReference = z.string(referenceMessage).regex(/^[\x21-\x7e]{1,100}$/, referenceMessage);
const params = z.object({ reference: paymentReference });

/** The payment that the path of a request names. @throws {RefusedError} when there is none. */
export async function findNamedPayment(pool: Pool, requestParams: unknown): Promise<PaymentRow> {
  const reference = params.safeParse(requestParams).data?.reference;
  const payment = reference === undefined ? null : await findPaymentByEither(pool, reference);
  if (payment === null) throw new RefusedError(unknownPayment);
  return payment;
}
