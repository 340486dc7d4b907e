import { findPaymentByEither, type PaymentRow } from '@capstan/shared/db/payments';
import type { Pool } from '@capstan/shared/db/pool';
import { conomyId, isConomyId } from '@capstan/shared/domain/conomy-id';
import { parseContent } from '@capstan/shared/domain/problem';
import { z } from 'zod';
import { invalidContent, RefusedError, unknownPayment } from './problem.ts';

const params = z.object({ reference: conomyId });

/** The payment that the path of a request names. @throws {RefusedError} when there is none. */
export function findNamedPayment(pool: Pool, requestParams: unknown): Promise<PaymentRow> {
  return findReferredPayment(pool, String((requestParams as { reference?: unknown }).reference));
}

/** The same for a request that acts: what can name no payment is a fault of the request. */
export function findPaymentToActOn(pool: Pool, requestParams: unknown): Promise<PaymentRow> {
  const parsed = parseContent(params, requestParams);
  if (!parsed.ok) throw new RefusedError(invalidContent(parsed.faults));
  return findReferredPayment(pool, parsed.value.reference);
}

/** The payment of our key or Conomy's id; our keys are of the grammar of Conomy's ids. @throws {RefusedError} when there is none. */
export async function findReferredPayment(pool: Pool, reference: string): Promise<PaymentRow> {
  const payment = isConomyId(reference) ? await findPaymentByEither(pool, reference) : null;
  if (payment === null) throw new RefusedError(unknownPayment);
  return payment;
}
