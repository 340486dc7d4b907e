import { ConomyError } from './errors.ts';
import { awaitsPayer, type Payment } from './payment.ts';
import type { Sandbox } from './sandbox.ts';

/**
 * The payer pays, or tries and fails. Money for a captured payment is the rail's confirmation, so it moves to
 * RECEIVED at once; before the capture it is remembered, and the capture then goes on by the timers.
 * Throws ConomyError 21 when no payer is awaited.
 */
export function playPayer({ payments }: Sandbox, payment: Payment, outcome: 'paid' | 'failed'): void {
  const { id, status } = payment;
  const open = status === 'CREATED' || status === 'AUTHORIZED' || status === 'CAPTURED';
  if (!open || !awaitsPayer(payment)) {
    throw new ConomyError('21', `payment ${id} is ${status} and awaits no payer`);
  }
  if (outcome === 'failed') {
    payments.move(payment, 'FAILED');
    return;
  }
  payment.isPaid = true;
  if (status === 'CAPTURED') payments.receive(payment);
}
