import { ConomyError } from '../errors.ts';
import type { Payment } from '../payment.ts';
import type { Sandbox } from '../sandbox.ts';

/** Throws ConomyError 31 when there is no such payment. */
export function findPayment({ store }: Sandbox, id: string): Payment {
  const payment = store.find(id);
  if (!payment) throw new ConomyError('31', `payment ${id} does not exist`);
  return payment;
}
