import { findPaymentByEither, type PaymentRow } from '@capstan/shared/db/payments';
import type { Pool } from '@capstan/shared/db/pool';
import { z } from 'zod';
import { RefusedError, unknownPayment } from './problem.ts';

/** Our key or Conomy's id; neither has characters beyond these. */
const params = z.object({ reference: z.string().regex(/^[\x21-\x7e]{1,100}$/) });

/** The payment that the path of a request names. @throws {RefusedError} when there is none. */
export async function findNamedPayment(pool: Pool, requestParams: unknown): Promise<PaymentRow> {
  const reference = params.safeParse(requestParams).data?.reference;
  const payment = reference === undefined ? null : await findPaymentByEither(pool, reference);
  if (payment === null) throw new RefusedError(unknownPayment);
  return payment;
}
