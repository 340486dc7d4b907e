import { ConomyError } from '../errors.ts';
import type { Payment } from '../payment.ts';
import type { Sandbox } from '../sandbox.ts';

/** Throws ConomyError 31 when there is no such payment. */
export function findPayment({ store }: Sandbox, id: string): Payment {
  return store.find(id) ?? refuseUnknown(id);
}

/** As {@link findPayment}, for reads: what a write did may not show yet. */
export function findShownPayment({ view }: Sandbox, id: string): Payment {
  return view.find(id) ?? refuseUnknown(id);
}

function refuseUnknown(id: string): never {
  throw new ConomyError('31', `payment ${id} does not exist`);
}
